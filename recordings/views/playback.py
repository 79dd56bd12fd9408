"""Playback: finished files by ranges, for members who may watch recordings."""

import logging
from functools import partial
from typing import BinaryIO
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import standing_of
from accounts.models import User
from recordings.access import get_asset
from recordings.addresses import Purpose, check_address, file_name
from recordings.enums import AssetKind
from recordings.http_range import LARGEST_ANSWER, ranged_response, store_away
from recordings.models import Asset
from recordings.services.egress import METER, describe_egress
from recordings.services.viewing import give_address, give_download
from recordings.storage import get_store
from recordings.x_accel import accelerated

logger = logging.getLogger(__name__)
# Pictures and the like: small, and of no use without the recording itself.
_UNSIGNED = frozenset(AssetKind) - {AssetKind.PLAYABLE, AssetKind.RENDITION}


@require_safe
@never_cache
def show_address(
    request: HttpRequest, interview_id: UUID, asset_id: int
) -> JsonResponse:
    """Say where a file can be played for the next hour, and until when.

    This is the view of a recording that audit rows speak of; whoever has lost the
    right gets no new address.
    """
    asset = get_asset(request, interview_id, asset_id)
    if asset.kind in _UNSIGNED:
        raise Http404
    address = give_address(asset, _viewer(request))
    return JsonResponse(
        {"url": address.url, "expires_at": address.expires_at.isoformat()}
    )


@require_safe
@never_cache
def download_asset(
    request: HttpRequest, interview_id: UUID, asset_id: int
) -> HttpResponse:
    """Lead to the file as a download, for roles that may take it away."""
    asset = get_asset(request, interview_id, asset_id, verb="download")
    if asset.kind in _UNSIGNED:
        raise Http404
    return HttpResponseRedirect(give_download(asset, _viewer(request)).url)


def _viewer(request: HttpRequest) -> User:
    standing = standing_of(request)
    if standing is None:
        raise Http404
    return standing.user


async def play_asset(
    request: HttpRequest, interview_id: UUID, asset_id: int
) -> HttpResponseBase:
    """Answer a signed address with at most 2 MiB of a file, read in a thread.

    Without a signature, a member who may is led to an address of their own.

    Players always ask for ranges. A GET without one must be answered with the whole
    file, which is safe only where the server waits for a slow reader: uvicorn does;
    daphne would take all of it into memory (1.2 GB for an hour), and HTTP allows no
    206 that was not asked for. So under daphne a large file is given by ranges only,
    and a request without one is told so (400, `Accept-Ranges: bytes`).
    """
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    found = await sync_to_async(_admit)(request, interview_id, asset_id)
    if isinstance(found, HttpResponse):
        return found
    asset, purpose = found
    response = accelerated(asset.key, asset.mime_type)
    if response is None:
        response = await _by_ranges(request, asset)
    if purpose is Purpose.DOWNLOAD:
        name = content_disposition_header(as_attachment=True, filename=file_name(asset))
        response["Content-Disposition"] = name or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _admit(
    request: HttpRequest, interview_id: UUID, asset_id: int
) -> HttpResponse | tuple[Asset, Purpose | None]:
    """Return the file and what for, or the answer that sends elsewhere."""
    asset = get_asset(request, interview_id, asset_id)
    if asset.kind in _UNSIGNED:
        return asset, None
    sent = {name: request.GET.get(name, "") for name in ("for", "until", "signature")}
    if not any(sent.values()):
        response = HttpResponseRedirect(give_address(asset, _viewer(request)).url)
        response["Cache-Control"] = "no-store"
        return response
    purpose = check_address(
        asset,
        _viewer(request).pk,
        purpose=sent["for"],
        until=sent["until"],
        signature=sent["signature"],
    )
    if purpose is None:
        text = _("This address is not valid any more: reload the page.")
        return HttpResponse(f"{text}\n", status=403, content_type="text/plain")
    if purpose is Purpose.DOWNLOAD:
        get_asset(request, interview_id, asset_id, verb="download")
    return asset, purpose


async def _by_ranges(request: HttpRequest, asset: Asset) -> HttpResponseBase:
    call = describe_egress(asset.recording.interview)
    waits_for_readers = settings.WEB_SERVER == "uvicorn"
    try:
        return await ranged_response(
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
        logger.warning("The file of asset %s is not there", asset.pk)
        raise Http404 from error
    except OSError as error:
        logger.warning("The file of asset %s cannot be read now: %s", asset.pk, error)
        return store_away()


def _open(key: str) -> BinaryIO:
    return get_store().open(key)
