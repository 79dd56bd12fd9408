"""Media in a folder of a local or shared disk."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import BinaryIO

from recordings.media.sinks import ByteReader, FileSink, Sink, sync_directory
from recordings.storage.incoming import TEMPORARY, PartFile
from recordings.storage.protocol import PresignedPut, Stat, StorageError, StoredObject

# A temporary file this old belongs to no request that still runs.
ABANDONED_SECONDS = 60 * 60


class FolderStore:
    """A folder of a local or shared disk."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root.resolve()):
            raise ValueError("a key leads out of the media folder")
        return path

    def small(self, key: str, content_type: str) -> Sink:
        """Write beside the target and move into place."""
        return FileSink(self._path(key))

    def large(self, key: str, content_type: str) -> Sink:
        """Do the same: a file takes any size."""
        return FileSink(self._path(key))

    def begin_part(self) -> PartFile:
        """Begin a file at the top, from where it is moved into its folder."""
        return PartFile(self._root)

    def keep_part(self, part: PartFile, key: str) -> None:
        """Sync, move, and sync the folder."""
        path = self._path(key)
        with _translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            part.move(path)
            sync_directory(path.parent)

    def open(self, key: str) -> BinaryIO:
        """Open the file."""
        return self._path(key).open("rb")

    def stream(self, key: str) -> ByteReader:
        """Open the file."""
        return self._path(key).open("rb")

    def stat(self, key: str) -> Stat:
        """Ask the disk; it keeps no hash."""
        with _translated():
            return Stat(self._path(key).stat().st_size)

    def delete(self, key: str) -> None:
        """Remove the file."""
        with _translated():
            self._path(key).unlink(missing_ok=True)

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Walk the folder."""
        root = self._root.resolve()
        for path in sorted(self._files(prefix)):
            if path.name.startswith("."):
                continue
            # Somebody may remove it meanwhile.
            with suppress(FileNotFoundError), _translated():
                found = path.stat()
                yield StoredObject(
                    path.relative_to(root).as_posix(),
                    found.st_size,
                    datetime.fromtimestamp(found.st_mtime, UTC),
                )

    def list_folders(self, prefix: str) -> list[str]:
        """Look into one folder."""
        with suppress(FileNotFoundError), _translated():
            inside = self._path(prefix).iterdir()
            return sorted(path.name for path in inside if path.is_dir())
        return []

    def sweep(self, prefix: str, keep: Collection[str]) -> None:
        """Remove what is not kept; only for a prefix nobody else writes to."""
        kept = {self._path(key) for key in keep}
        with _translated():
            for path in self._files(prefix):
                if path not in kept:
                    path.unlink(missing_ok=True)
        if not kept:
            _remove_empty(self._path(prefix))

    def sweep_abandoned(self, prefix: str) -> None:
        """Remove temporary files of requests that were killed."""
        self._remove_temporary(prefix, ABANDONED_SECONDS, is_dry=False)

    def abort_unfinished(self, older_than: timedelta, *, is_dry: bool) -> list[str]:
        """Remove temporary files wherever they are."""
        return self._remove_temporary("", older_than.total_seconds(), is_dry=is_dry)

    def presign_put(
        self,
        key: str,
        *,
        size: int,
        sha256: str,
        content_type: str,
        expires: timedelta,
    ) -> PresignedPut | None:
        """There is no address of a disk."""
        return None

    def presign_get(
        self,
        key: str,
        *,
        expires: timedelta,
        filename: str | None = None,
        content_type: str | None = None,
    ) -> str | None:
        """There is no address of a disk."""
        return None

    def _remove_temporary(
        self, prefix: str, seconds: float, *, is_dry: bool
    ) -> list[str]:
        removed = []
        with _translated():
            for path in self._files(prefix):
                if not path.name.startswith(TEMPORARY):
                    continue
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime >= time() - seconds:
                        continue
                    removed.append(path.relative_to(self._root.resolve()).as_posix())
                    if not is_dry:
                        path.unlink()
        return removed

    def _files(self, prefix: str) -> list[Path]:
        folder = self._path(prefix)
        return [path for path in folder.rglob("*") if path.is_file()]


def _remove_empty(folder: Path) -> None:
    """Remove a folder and those in it, as far as nothing lies in them."""
    inner = [path for path in folder.rglob("*") if path.is_dir()]
    for path in (*sorted(inner, reverse=True), folder):
        with suppress(OSError):
            path.rmdir()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError from error
