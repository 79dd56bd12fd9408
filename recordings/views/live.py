"""The camera while the interview runs: what is stored so far, for who may watch."""

import logging
from functools import partial
from typing import BinaryIO
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recordings.access import get_as_watcher, get_live_segment
from recordings.enums import ChunkState
from recordings.http_range import LARGEST_ANSWER, ranged_response, store_away
from recordings.live import read_live
from recordings.models import Chunk
from recordings.services.egress import METER, describe_egress
from recordings.services.viewing import note_live_view
from recordings.storage import get_store

logger = logging.getLogger(__name__)


@require_safe
@never_cache
def show_live(request: HttpRequest, interview_id: UUID) -> JsonResponse:
    """Say what is stored by now; asking is looking, and goes on record once an hour."""
    watcher = get_as_watcher(request.user.pk, interview_id)
    note_live_view(watcher.interview, watcher.user)
    return JsonResponse(read_live(watcher.interview))


@require_safe
@never_cache
def show_header(
    request: HttpRequest, interview_id: UUID, segment_id: UUID
) -> HttpResponse:
    """Give a segment's header, which everything of it is read behind."""
    segment = get_live_segment(request.user.pk, interview_id, segment_id)
    if segment.header is None:
        raise Http404
    return HttpResponse(bytes(segment.header), content_type="application/octet-stream")


async def show_chunk(
    request: HttpRequest, interview_id: UUID, segment_id: UUID, index: int
) -> HttpResponseBase:
    """Give a stored chunk by ranges, at most 2 MiB at once."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    chunk = await sync_to_async(_find_chunk)(request, interview_id, segment_id, index)
    call = describe_egress(chunk.segment.recording.interview)
    try:
        response = await ranged_response(
            request,
            partial(_open, chunk.key),
            size=chunk.size,
            etag=f'"{chunk.sha256}"',
            content_type="application/octet-stream",
            largest_whole=LARGEST_ANSWER,
            on_sent=partial(METER.count, call),
        )
    except FileNotFoundError as error:
        # Assembled and released since the page asked what there is.
        raise Http404 from error
    except OSError as error:
        logger.warning("Chunk %s cannot be read now: %s", chunk, error)
        return store_away()
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _find_chunk(
    request: HttpRequest, interview_id: UUID, segment_id: UUID, index: int
) -> Chunk:
    segment = get_live_segment(request.user.pk, interview_id, segment_id)
    chunk = segment.chunks.filter(index=index, state=ChunkState.STORED).first()
    if chunk is None:
        raise Http404
    chunk.segment = segment
    return chunk


def _open(key: str) -> BinaryIO:
    return get_store().open(key)
