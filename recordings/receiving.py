"""Bodies of chunks as they arrive, before any view was asked: whose, and where to."""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http.cookie import parse_cookie

from interviews.access import holds_cookie
from recordings.errors import StorageUnavailableError
from recordings.storage import PartFile, get_store

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from django.http import HttpRequest

# In a scope: the file on the store's disk in which the whole body lies.
PART = "recordings.part"
_CHUNK = re.compile(
    r"/interviews/([0-9a-f-]{36})/recordings/segments/[0-9a-f-]{36}/chunks/[0-9]+$"
)


class Dropped(BytesIO):
    """What somebody sends who will be refused: nothing of it is kept."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Say that it was."""
        return memoryview(data).nbytes


def begin_part() -> PartFile | None:
    """Begin a file for a chunk; None where the store has no disk."""
    return get_store().begin_part()


def is_chunk(scope: Mapping[str, Any]) -> bool:
    """Say whether a request sends a chunk."""
    return _find_interview(scope) is not None


def _find_interview(scope: Mapping[str, Any]) -> UUID | None:
    found = _CHUNK.search(scope["path"]) if scope["method"] == "PUT" else None
    try:
        return UUID(found[1]) if found else None
    except ValueError:
        return None


def begin_body(scope: Mapping[str, Any]) -> PartFile | Dropped | None:
    """Return what the body of a chunk is to be written into; None for other requests.

    A browser without the cookie of the interview is refused by the view whatever it
    sends: that is dropped. The cookie's word is all there is here: no query is made.
    """
    interview_id = _find_interview(scope)
    if interview_id is None:
        return None
    cookies = "; ".join(
        value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"
    )
    is_known = holds_cookie(parse_cookie(cookies), interview_id)
    return begin_part() if is_known else Dropped()


def find_part(request: "HttpRequest") -> PartFile | None:
    """Return the file in which the request's body lies whole, if it does.

    Raises StorageUnavailableError where it could not be written.
    """
    part: PartFile | None = getattr(request, "scope", {}).get(PART)
    if part is not None:
        try:
            part.settle()
        except OSError as error:
            raise StorageUnavailableError from error
    return part
