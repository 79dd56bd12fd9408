"""The upload protocol: open a segment, put its chunks, close it with a manifest."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from pydantic import ValidationError

from interviews.models import Interview
from recordings.access import get_segment
from recordings.errors import ChunkTooLargeError, InvalidUploadError
from recordings.schemas import ChunkFacts, Manifest, SegmentOpening
from recordings.services.chunks import store_chunk
from recordings.services.segments import close_segment, open_segment
from recordings.views.guard import read_json, upload_route


@upload_route("POST")
def open_segment_view(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Announce a recorder that has begun; repeatable."""
    opening = read_json(request, SegmentOpening)
    segment, is_new = open_segment(interview, opening)
    return JsonResponse({"segment": str(segment.pk)}, status=201 if is_new else 200)


@upload_route("PUT")
def store_chunk_view(
    request: HttpRequest, interview: Interview, segment_id: UUID, index: int
) -> HttpResponse:
    """Store a chunk; the same again is 200, other bytes under its number are 409."""
    segment = get_segment(interview, segment_id)
    facts = _read_facts(request, index)
    _require_size(request)
    is_new = store_chunk(interview, segment, facts, request)
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
