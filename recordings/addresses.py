"""Signed addresses of finished files: good for one hour, for one person and purpose.

A bucket checks its own signature; for a folder ours does the same, beside the session
and the permission, which the view asks for at every range.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.core.signing import Signer
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode

from base.clock import now
from recordings.models import Asset
from recordings.storage import get_store

LIFE = timedelta(hours=1)
_signer = Signer(salt="recordings.addresses")


class Purpose(StrEnum):
    """What an address was given for."""

    PLAY = "play"
    DOWNLOAD = "download"


@dataclass(frozen=True)
class Address:
    """Where a file can be read until `expires_at`."""

    url: str
    expires_at: datetime


def make_address(asset: Asset, user_id: int, purpose: Purpose) -> Address:
    """Return where this person's browser reads the file for an hour.

    That is the bucket, unless MEDIA_PLAY_ROUTE sends everything through us, or the
    range view. Whoever calls has asked for the permission.
    """
    # Whole seconds, so that both sides agree on the last one.
    expires_at = (now() + LIFE).replace(microsecond=0)
    url = _direct_url(asset, purpose) if settings.MEDIA_PLAY_ROUTE == "direct" else None
    return Address(url or _own_url(asset, user_id, purpose, expires_at), expires_at)


def _direct_url(asset: Asset, purpose: Purpose) -> str | None:
    name = file_name(asset) if purpose is Purpose.DOWNLOAD else None
    return get_store().presign_get(
        asset.key, expires=LIFE, filename=name, content_type=asset.mime_type
    )


def _own_url(asset: Asset, user_id: int, purpose: Purpose, expires_at: datetime) -> str:
    until = int(expires_at.timestamp())
    path = reverse("recordings:asset", args=[asset.recording.interview_id, asset.pk])
    query = {
        "for": purpose.value,
        "until": until,
        "signature": _sign(asset.pk, user_id, purpose, until),
    }
    return f"{path}?{urlencode(query)}"


def check_address(
    asset: Asset, user_id: int, *, purpose: str, until: str, signature: str
) -> Purpose | None:
    """Return what an address of ours is for; None if it is forged or has run out."""
    is_known = purpose in set(Purpose)
    if not is_known or not until.isascii() or not until.isdecimal() or len(until) > 12:
        return None
    expected = _sign(asset.pk, user_id, Purpose(purpose), int(until))
    if not constant_time_compare(signature, expected):
        return None
    if datetime.fromtimestamp(int(until), UTC) <= now():
        return None
    return Purpose(purpose)


def _sign(asset_id: int, user_id: int, purpose: Purpose, until: int) -> str:
    return _signer.signature(f"{asset_id}.{user_id}.{purpose.value}.{until}")


def file_name(asset: Asset) -> str:
    """Return how a downloaded file is called; it names no person."""
    ending = "mp4" if asset.mime_type.startswith("video/mp4") else "webm"
    recording = asset.recording
    return f"{recording.interview_id}-{recording.track}-{asset.part + 1}.{ending}"
