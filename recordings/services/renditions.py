"""Copies of finished files for other players: asked for by a setting, never waited for."""

import hashlib
import logging
from pathlib import Path

from django.conf import settings
from django.db import transaction

from base.commits import after_commit
from base.ids import new_token
from recordings.enums import AssetKind
from recordings.media.rendition import transcode
from recordings.media.tracks import Container
from recordings.models import Asset, Recording
from recordings.storage import asset_prefix, get_store, scratch_folder
from recordings.tasks import make_rendition as make_rendition_task

logger = logging.getLogger(__name__)

_BLOCK = 4 * 1024 * 1024
_MIME = "video/mp4"


def queue_renditions(recording: Recording) -> int:
    """After commit, have a worker make the renditions that are wanted and missing."""
    if not settings.MEDIA_RENDITION:
        return 0
    made = set(
        recording.assets.filter(kind=AssetKind.RENDITION).values_list(
            "source_sha256", flat=True
        )
    )
    missing = [
        asset
        for asset in recording.assets.filter(kind=AssetKind.PLAYABLE, deleted_at=None)
        if asset.sha256 not in made
    ]
    for asset in missing:
        after_commit(make_rendition_task.delay, asset_id=asset.pk)
    return len(missing)


def make_rendition(asset_id: int) -> bool:
    """Make the H.264 copy of a file; False where there is nothing to do.

    Repeatable, and safe for two workers: the later one finds the row and drops its
    own copy, as does one whose file was assembled anew meanwhile. Raises MediaError
    where the file does not encode; the file itself is not touched.
    """
    playable = Asset.objects.filter(kind=AssetKind.PLAYABLE, deleted_at=None)
    asset = playable.select_related("recording__interview").filter(pk=asset_id).first()
    if asset is None or _is_made(asset):
        return False
    store = get_store()
    key = f"{asset_prefix(asset.recording.interview)}/{new_token()}-rendition.mp4"
    with scratch_folder(f"rendition-{asset.pk}-{new_token()}") as scratch:
        path = scratch / "rendition.mp4"
        with store.open(asset.key) as finished:
            transcode(finished, _container(asset), path)
        size, digest = _place(path, key)
    if _put_on_record(asset, key=key, size=size, sha256=digest):
        return True
    store.delete(key)
    return False


def _container(asset: Asset) -> Container:
    return Container(asset.mime_type.rpartition("/")[2])


def _is_made(asset: Asset) -> bool:
    return Asset.objects.filter(
        recording=asset.recording_id,
        kind=AssetKind.RENDITION,
        part=asset.part,
        source_sha256=asset.sha256,
    ).exists()


def _place(path: Path, key: str) -> tuple[int, str]:
    """Copy the encoded file into the store; its size and hash."""
    digest = hashlib.sha256()
    sink = get_store().large(key, _MIME)
    try:
        writer = sink.begin()
        with path.open("rb") as encoded:
            while block := encoded.read(_BLOCK):
                digest.update(block)
                writer.write(block)
        sink.commit()
    finally:
        sink.abort()
    return path.stat().st_size, digest.hexdigest()


@transaction.atomic
def _put_on_record(asset: Asset, *, key: str, size: int, sha256: str) -> bool:
    """Write the row unless the file has changed, or another worker was first."""
    recording = Recording.objects.select_for_update().get(pk=asset.recording_id)
    current = recording.assets.filter(pk=asset.pk, sha256=asset.sha256).first()
    if current is None or _is_made(current):
        return False
    codecs = [
        name
        for name, has_track in (("h264", asset.width), ("aac", _has_sound(asset)))
        if has_track
    ]
    values = {
        "key": key,
        "mime_type": _MIME,
        "size": size,
        "sha256": sha256,
        "source_sha256": asset.sha256,
        "start_ms": asset.start_ms,
        "duration_ms": asset.duration_ms,
        "width": asset.width,
        "height": asset.height,
        "codecs": ",".join(codecs),
    }
    recording.assets.update_or_create(
        kind=AssetKind.RENDITION, part=asset.part, defaults=values
    )
    return True


def _has_sound(asset: Asset) -> bool:
    """A file has at most a picture and a sound; one without a picture has sound."""
    return not asset.width or "," in asset.codecs
