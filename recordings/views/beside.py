"""What goes with a recording in the player: the index of its pictures, its captions."""

import re
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recordings.access import get_asset
from recordings.captions import read_cues, render_captions
from recordings.enums import AssetKind
from recordings.storage import get_store

_SHEET = re.compile(r"\bsprites-(\d{1,6})\.jpg\b")
# An hour has about 25 kB.
_LARGEST_INDEX = 4 * 1024 * 1024


@require_safe
@never_cache
def show_sprites(
    request: HttpRequest, interview_id: UUID, asset_id: int
) -> HttpResponse:
    """Give the index of preview pictures, with the addresses of their sheets."""
    asset = get_asset(request, interview_id, asset_id)
    if asset.kind != AssetKind.SPRITE_INDEX:
        raise Http404
    sheets = asset.recording.assets.filter(kind=AssetKind.SPRITES)
    addresses = {
        str(part): reverse("recordings:asset", args=[interview_id, pk])
        for part, pk in sheets.values_list("part", "pk")
    }
    try:
        with get_store().open(asset.key) as source:
            text = source.read(_LARGEST_INDEX).decode("utf-8", "replace")
    except FileNotFoundError as error:
        raise Http404 from error
    named = _SHEET.sub(lambda found: addresses.get(found[1], found[0]), text)
    return HttpResponse(named, content_type="text/vtt; charset=utf-8")


@require_safe
@never_cache
def show_captions(
    request: HttpRequest, interview_id: UUID, asset_id: int
) -> HttpResponse:
    """Give what was said during this file, as WebVTT on the file's own clock."""
    asset = get_asset(request, interview_id, asset_id)
    if asset.kind != AssetKind.PLAYABLE:
        raise Http404
    cues = read_cues(asset.recording.interview)
    text = render_captions(cues, asset.start_ms, asset.duration_ms)
    return HttpResponse(text, content_type="text/vtt; charset=utf-8")
