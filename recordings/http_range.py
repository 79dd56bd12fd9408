"""Byte ranges over HTTP for stored media, in an ASGI-friendly way.

Never FileResponse here: under ASGI it reads the whole file before the first byte.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import BinaryIO

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)

# A server may answer a shorter range than asked. Daphne buffers whatever it is given,
# so this bounds its memory for a reader that stalls.
LARGEST_ANSWER = 2 * 1024 * 1024
BLOCK = 256 * 1024
RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.ASCII)
Opener = Callable[[], BinaryIO]
Counter = Callable[[int], None]


class UnsatisfiableRangeError(Exception):
    """The range lies behind the end, or several ranges are asked at once."""


@dataclass(frozen=True)
class ByteRange:
    """First and last byte, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The one range asked for; None for no range or one that must be ignored.

    Raises UnsatisfiableRangeError where the answer is 416: several ranges are
    refused too, because ignoring them would send the whole file.
    """
    if not header or not header.strip().lower().startswith("bytes"):
        return None
    if "," in header:
        raise UnsatisfiableRangeError
    match = RANGE.fullmatch(header)
    if match is None or match.groups() == ("", ""):
        return None
    start, end = match.groups()
    if not start:
        return _suffix(int(end), size)
    first = int(start)
    if end and int(end) < first:
        return None
    if first >= size:
        raise UnsatisfiableRangeError
    return ByteRange(first, min(int(end), size - 1) if end else size - 1)


def _suffix(length: int, size: int) -> ByteRange:
    if length == 0 or size == 0:
        raise UnsatisfiableRangeError
    return ByteRange(max(0, size - length), size - 1)


def count_nothing(_count: int) -> None:
    """For answers nobody meters."""


def capped(wanted: ByteRange) -> ByteRange:
    return ByteRange(wanted.first, min(wanted.last, wanted.first + LARGEST_ANSWER - 1))


async def ranged_response(
    request: HttpRequest,
    opener: Opener,
    *,
    size: int,
    etag: str,
    content_type: str,
    largest_whole: int | None = None,
    on_sent: Counter = count_nothing,
) -> HttpResponseBase:
    """Answer GET or HEAD for stored bytes the caller has authorised.

    `etag` is the quoted strong tag; `opener` is called in a thread, and only when
    bytes are sent. A 206 holds 2 MiB at most; players ask for the next. A GET that
    asks for no range and would take more than `largest_whole` is refused.

    `on_sent` is called in the event loop with the bytes of the file handed to the
    server: block by block where it waits for the reader, at once for a part. How much
    of the last hand-over a reader took who then left, no server says.
    """
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    if _is_known(request, etag):
        return _with_headers(HttpResponse(status=304), etag)
    try:
        wanted = _wanted(request, size, etag)
    except UnsatisfiableRangeError:
        return _with_headers(_unsatisfiable(size), etag)
    is_too_much = largest_whole is not None and size > largest_whole
    if wanted is None and is_too_much and request.method == "GET":
        response: HttpResponseBase = _range_required()
    elif wanted is None:
        response = await _whole(request, opener, size, content_type, on_sent)
    else:
        response = await _part(opener, capped(wanted), size, content_type, on_sent)
    return _with_headers(response, etag)


def _is_known(request: HttpRequest, etag: str) -> bool:
    tags = request.headers.get("If-None-Match", "")
    known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    return etag in known or "*" in known


def _wanted(request: HttpRequest, size: int, etag: str) -> ByteRange | None:
    """A range counts for GET only, and only while If-Range names this version."""
    if request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    return parse_range(request.headers.get("Range"), size)


def store_away() -> HttpResponse:
    """Answer where the store does not give the bytes now: nothing is wrong with them."""
    return HttpResponse(status=503, headers={"Retry-After": "5"})


def _unsatisfiable(size: int) -> HttpResponse:
    return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})


def _range_required() -> HttpResponse:
    text = "This file is given in ranges: send a Range header.\n"
    return HttpResponse(text, status=400, content_type="text/plain")


async def _part(
    opener: Opener, part: ByteRange, size: int, content_type: str, on_sent: Counter
) -> HttpResponse:
    body = await asyncio.to_thread(_read, opener, part)
    on_sent(len(body))
    return HttpResponse(
        body,
        status=206,
        content_type=content_type,
        headers={
            "Content-Range": f"bytes {part.first}-{part.last}/{size}",
            "Content-Length": str(part.length),
        },
    )


def _read(opener: Opener, part: ByteRange) -> bytes:
    with opener() as source:
        source.seek(part.first)
        body = source.read(part.length)
    if len(body) != part.length:
        raise OSError("the stored file is shorter than its record")
    return body


class FileBlocks:
    """The whole file in blocks read by a thread; Django calls `close` at the end."""

    def __init__(self, source: BinaryIO, on_sent: Counter) -> None:
        self._source = source
        self._on_sent = on_sent

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while block := await asyncio.to_thread(self._source.read, BLOCK):
            yield block
            # Only now: the server has taken the block.
            self._on_sent(len(block))

    def close(self) -> None:
        self._source.close()


async def _whole(
    request: HttpRequest,
    opener: Opener,
    size: int,
    content_type: str,
    on_sent: Counter,
) -> HttpResponseBase:
    headers = {"Content-Length": str(size)}
    if request.method == "HEAD":
        return HttpResponse(content_type=content_type, headers=headers)
    blocks = FileBlocks(await asyncio.to_thread(opener), on_sent)
    return StreamingHttpResponse(blocks, content_type=content_type, headers=headers)


def _with_headers(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response.setdefault("Cache-Control", "private, no-cache")
    return response
