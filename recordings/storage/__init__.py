"""Where chunks and finished files lie: a folder or a bucket, behind one protocol."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from base.bucket import read_bucket
from recordings.storage.bucket import BucketStore
from recordings.storage.folder import FolderStore
from recordings.storage.keys import asset_prefix, chunk_key, interview_prefix
from recordings.storage.protocol import (
    MediaStore,
    PresignedPut,
    Stat,
    StorageError,
    StoredObject,
)

__all__ = [
    "BucketStore",
    "FolderStore",
    "MediaStore",
    "PresignedPut",
    "Stat",
    "StorageError",
    "StoredObject",
    "asset_prefix",
    "chunk_key",
    "get_store",
    "interview_prefix",
    "is_direct",
    "scratch_folder",
]


def get_store() -> MediaStore:
    """The store the settings name."""
    bucket = read_bucket()
    if bucket is None:
        return FolderStore(Path(settings.MEDIA_ROOT))
    return BucketStore(bucket)


def is_direct() -> bool:
    """Whether browsers put chunks into the bucket themselves."""
    return settings.MEDIA_UPLOAD_ROUTE == "direct" and bool(settings.MEDIA_S3_BUCKET)


@contextmanager
def scratch_folder(name: str) -> Iterator[Path]:
    """A folder for temporary files of one job; what a killed job left goes first."""
    folder = Path(settings.VAR_DIR) / "scratch" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
