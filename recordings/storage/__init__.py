"""Where chunks and finished files lie: a folder or a bucket, behind one protocol."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time

from django.conf import settings

from base.bucket import read_bucket
from recordings.storage.bucket import BucketStore
from recordings.storage.folder import FolderStore
from recordings.storage.incoming import PartFile
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
    "PartFile",
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

# No task runs so long.
LONGEST_JOB_SECONDS = 24 * 60 * 60


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
    """A folder for temporary files of one job; what killed jobs left goes first.

    That is all of the same name, and whatever no job can be working in any more.
    """
    root = Path(settings.VAR_DIR) / "scratch"
    folder = root / name
    shutil.rmtree(folder, ignore_errors=True)
    _remove_abandoned(root)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(root: Path) -> None:
    with suppress(FileNotFoundError):
        for folder in list(root.iterdir()):
            with suppress(FileNotFoundError):
                if folder.stat().st_mtime < time() - LONGEST_JOB_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
