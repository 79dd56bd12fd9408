"""What the rest of the app may ask of a store of media."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol

from recordings.media.sinks import ByteReader, Sink
from recordings.storage.incoming import PartFile


class StorageError(OSError):
    """The store refused or did not answer; the same may work later."""


@dataclass(frozen=True, slots=True)
class Stat:
    """What the store says of an object; `sha256` in hex where the store checked it."""

    size: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One line of a listing."""

    key: str
    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class PresignedPut:
    """A request that stores one object without us; `headers` must be sent as they are.

    The length is signed too: a browser sends it by itself, and may not be told to.
    """

    url: str
    method: str
    headers: Mapping[str, str]


class MediaStore(Protocol):
    """Objects by key. Every method raises StorageError when the store fails."""

    def small(self, key: str, content_type: str) -> Sink:
        """A sink for a few megabytes: one write, one request."""
        ...

    def large(self, key: str, content_type: str) -> Sink:
        """A sink for a file of any size, patched at its head."""
        ...

    def begin_part(self) -> PartFile | None:
        """Begin a file for a body that becomes an object; None where there is no disk."""
        ...

    def keep_part(self, part: PartFile, key: str) -> None:
        """Make a part an object, for good. Raises ValueError where it is not ours."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Read an object, seekable. Raises FileNotFoundError when it is gone."""
        ...

    def stream(self, key: str) -> ByteReader:
        """Read an object once, from its start. Raises FileNotFoundError."""
        ...

    def stat(self, key: str) -> Stat:
        """Look at an object without reading it. Raises FileNotFoundError."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; harmless when there is none."""
        ...

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Yield what lies under a prefix ("" for all), page by page, by key.

        Unfinished writes are no objects.
        """
        ...

    def list_folders(self, prefix: str) -> list[str]:
        """Return the names one level below a prefix ("" for the top)."""
        ...

    def sweep(self, prefix: str, keep: Collection[str]) -> None:
        """Remove everything under a prefix but `keep`, and unfinished writes."""
        ...

    def sweep_abandoned(self, prefix: str) -> None:
        """Remove unfinished writes under a prefix that are older than an hour."""
        ...

    def abort_unfinished(self, older_than: timedelta, *, is_dry: bool) -> list[str]:
        """Remove (or only name) unfinished writes of any key; return their keys."""
        ...

    def presign_put(
        self,
        key: str,
        *,
        size: int,
        sha256: str,
        content_type: str,
        expires: timedelta,
    ) -> PresignedPut | None:
        """Let somebody store exactly these bytes; None where only we can write.

        `sha256` is in hex. The store refuses another length or hash, where it checks.
        """
        ...

    def presign_get(
        self,
        key: str,
        *,
        expires: timedelta,
        filename: str | None = None,
        content_type: str | None = None,
    ) -> str | None:
        """Return an address that reads the object; None where only we can read.

        With a `filename` the browser downloads it under this name.
        """
        ...
