"""Playback: finished files by ranges, for members who may watch recordings."""

import logging
from functools import partial
from typing import BinaryIO
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase

from recordings.access import get_asset
from recordings.http_range import LARGEST_ANSWER, ranged_response
from recordings.services.egress import METER, describe_egress
from recordings.storage import get_store

logger = logging.getLogger(__name__)


async def play_asset(
    request: HttpRequest, interview_id: UUID, asset_id: int
) -> HttpResponseBase:
    """Answer with at most 2 MiB of a file, read in a thread, never by a redirect.

    Players always ask for ranges. A GET without one must be answered with the whole
    file, which is safe only where the server waits for a slow reader: uvicorn does;
    daphne would take all of it into memory (1.2 GB for an hour), and HTTP allows no
    206 that was not asked for. So under daphne a large file is given by ranges only,
    and a request without one is told so (400, `Accept-Ranges: bytes`).
    """
    asset = await sync_to_async(get_asset)(request, interview_id, asset_id)
    call = describe_egress(asset.recording.interview)
    waits_for_readers = settings.WEB_SERVER == "uvicorn"
    try:
        response = await ranged_response(
            request,
            partial(_open, asset.key),
            size=asset.size,
            etag=f'"{asset.sha256}"',
            content_type=asset.mime_type,
            largest_whole=None if waits_for_readers else LARGEST_ANSWER,
            on_sent=partial(METER.count, call),
        )
    except FileNotFoundError as error:
        # Removed by retention, or replaced by a new assembly a moment ago.
        logger.warning("The file of asset %s is not there", asset_id)
        raise Http404 from error
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _open(key: str) -> BinaryIO:
    return get_store().open(key)
