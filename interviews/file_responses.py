"""Answers that carry what a candidate brought along: hostile in any browser.

Whatever it is, it is downloaded, never opened as a page of ours; a browser may draw it
as a picture if its first bytes say that it is one.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import IO, TypeVar

from django.core.cache import cache
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from interviews.models import Interview
from interviews.services.archives import write_archive
from interviews.services.workspace_files import read_content
from interviews.workspace.errors import MissingError, RateLimitedError
from interviews.workspace.images import read_picture

SPOOLED_BYTES = 1024 * 1024
BLOCK_BYTES = 256 * 1024
ARCHIVES_PER_MINUTE = 10

Answer = TypeVar("Answer", bound=HttpResponseBase)


def content_response(interview: Interview, path: str) -> HttpResponse:
    """Answer with the content of a file that is no document, as a download.

    Raises MissingError or NotStorableError.
    """
    row = interview.workspace_files.filter(path=path).first()
    data = None if row is None else read_content(row)
    if data is None:
        raise MissingError(_("There is no such file (any more)."))
    picture = read_picture(data)
    content_type = (
        "application/octet-stream" if picture is None else picture.content_type
    )
    response = HttpResponse(data, content_type=content_type)
    return _guard(response, path.rpartition("/")[2])


def archive_response(interview: Interview) -> HttpResponseBase:
    """Answer with all files as a ZIP. Raises RateLimitedError."""
    _check_rate(interview)
    # Closed by the blocks, which Django closes with the answer.
    spooled = tempfile.SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115 -- outlives this function
    try:
        write_archive(interview, spooled)
        size = spooled.tell()
        spooled.seek(0)
    except BaseException:
        spooled.close()
        raise
    response = StreamingHttpResponse(
        _Blocks(spooled),
        content_type="application/zip",
        headers={"Content-Length": str(size)},
    )
    return _guard(response, f"interview-{str(interview.pk)[:8]}.zip")


def _guard(response: Answer, name: str) -> Answer:
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=name
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _check_rate(interview: Interview) -> None:
    """Packing and sending all files is dear, and nobody needs it often."""
    key = f"archives:{interview.pk}"
    cache.add(key, 0, 60)
    count = 1
    # It may be over this moment.
    with suppress(ValueError):
        count = cache.incr(key)
    if count > ARCHIVES_PER_MINUTE:
        raise RateLimitedError(
            _("That were many downloads. Wait a minute."), retry_after=60
        )


class _Blocks:
    """A file in blocks read by a thread; Django calls `close` at the end."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while block := await asyncio.to_thread(self._source.read, BLOCK_BYTES):
            yield block

    def close(self) -> None:
        self._source.close()
