"""The upload protocol: open a segment, announce and send its chunks, close it.

A chunk's way is ticket, put, confirm; through this server the put confirms itself.
"""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from pydantic import BaseModel, ValidationError

from interviews.models import Interview
from recordings.access import Place, get_segment
from recordings.errors import ChunkTooLargeError, InvalidUploadError
from recordings.models import Segment
from recordings.receiving import find_part
from recordings.schemas import (
    ChunkFacts,
    Confirmation,
    Manifest,
    SegmentOpening,
    TicketAnswer,
    TicketRequest,
)
from recordings.services.chunks import store_chunk
from recordings.services.intake import require_recorded
from recordings.services.segments import close_segment, open_segment
from recordings.services.standing import read_standing
from recordings.services.tickets import Way, confirm_chunk, issue_ticket
from recordings.views.guard import chunk_route, read_json, upload_route


@upload_route("POST")
def open_segment_view(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Announce a recorder that has begun; repeatable."""
    opening = read_json(request, SegmentOpening)
    segment, is_new = open_segment(interview, opening)
    return JsonResponse({"segment": str(segment.pk)}, status=201 if is_new else 200)


@chunk_route("POST")
def issue_ticket_view(request: HttpRequest, place: Place, index: int) -> HttpResponse:
    """Say how a chunk is to be sent, or that it is stored; repeatable."""
    interview, segment = place.interview, place.segment
    wanted = read_json(request, TicketRequest)
    way = issue_ticket(interview, segment, index, wanted)
    if way is None:
        answer = TicketAnswer(state="stored")
    else:
        answer = _describe_way(interview, segment, index, wanted, way)
    return _answer(answer)


def _describe_way(
    interview: Interview,
    segment: Segment,
    index: int,
    wanted: TicketRequest,
    way: Way,
) -> TicketAnswer:
    if way.direct is not None:
        return TicketAnswer(
            state="wanted",
            method=way.direct.method,
            url=way.direct.url,
            headers=dict(way.direct.headers),
            expires_at=way.expires_at,
            confirm=True,
        )
    return TicketAnswer(
        state="wanted",
        method="PUT",
        url=reverse("recordings:chunk-store", args=[interview.pk, segment.pk, index]),
        headers={
            "Content-Type": segment.mime_type,
            "X-Chunk-Sha256": wanted.sha256,
            "X-Chunk-Start-Ms": str(wanted.start_ms),
            "X-Chunk-Duration-Ms": str(wanted.duration_ms),
        },
        expires_at=way.expires_at,
    )


@chunk_route("POST")
def confirm_chunk_view(request: HttpRequest, place: Place, index: int) -> HttpResponse:
    """Take a chunk that the page put into the bucket; repeatable."""
    sha256 = read_json(request, Confirmation).sha256
    is_new = confirm_chunk(place, sha256)
    return JsonResponse(
        {"index": index, "sha256": sha256}, status=201 if is_new else 200
    )


@upload_route("GET")
def show_manifest_view(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Tell the page what is stored of its recording, and where the holes are."""
    require_recorded(interview)
    return _answer(read_standing(interview))


@chunk_route("PUT")
def store_chunk_view(request: HttpRequest, place: Place, index: int) -> HttpResponse:
    """Store a chunk; the same again is 200, other bytes under its number are 409."""
    facts = _read_facts(request, index)
    _require_size(request)
    body = find_part(request) or request
    is_new = store_chunk(place, facts, body)
    return JsonResponse(
        {"index": index, "sha256": facts.sha256}, status=201 if is_new else 200
    )


@upload_route("POST")
def close_segment_view(
    request: HttpRequest, interview: Interview, segment_id: UUID
) -> HttpResponse:
    """Say that a recorder has ended and what it gave; repeatable."""
    segment = get_segment(interview, segment_id)
    manifest = read_json(request, Manifest)
    close_segment(interview, segment, manifest)
    return JsonResponse({"segment": str(segment.pk)})


def _answer(value: BaseModel) -> HttpResponse:
    """Answer with a typed shape, without a second walk through it."""
    body = value.model_dump_json()
    return HttpResponse(body, content_type="application/json")


def _read_facts(request: HttpRequest, index: int) -> ChunkFacts:
    headers = request.headers
    try:
        return ChunkFacts.model_validate(
            {
                "index": index,
                "sha256": headers.get("X-Chunk-Sha256", "").lower(),
                "start_ms": headers.get("X-Chunk-Start-Ms"),
                "duration_ms": headers.get("X-Chunk-Duration-Ms"),
            }
        )
    except ValidationError as error:
        raise InvalidUploadError from error


def _require_size(request: HttpRequest) -> None:
    """Refuse before reading what says itself that it is too large."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > settings.LIMITS["chunk_bytes"]:
        raise ChunkTooLargeError
