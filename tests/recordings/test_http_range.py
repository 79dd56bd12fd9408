"""Ranges of stored media over HTTP, as players and strangers ask for them."""

import io
from collections.abc import Callable
from typing import BinaryIO

import pytest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.test import RequestFactory

from recordings.http_range import (
    BLOCK,
    LARGEST_ANSWER,
    ByteRange,
    UnsatisfiableRangeError,
    count_nothing,
    parse_range,
    ranged_response,
)

DATA = bytes(range(256)) * (3 * 1024 * 1024 // 256)
ETAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("bytes=0-", (0, 99)),
        ("bytes=0-0", (0, 0)),
        ("bytes=10-19", (10, 19)),
        ("bytes=90-500", (90, 99)),
        ("bytes=99-99", (99, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-500", (0, 99)),
        (" Bytes = 1 - 2 ", None),
        ("bytes = 1 - 2", (1, 2)),
        ("bytes=20-10", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=1", None),
        ("bytes=--5", None),
        ("bytes=٣-٤", None),
        ("bytes=" + "9" * 40 + "-", None),
        ("items=0-5", None),
    ],
)
def test_range_header_is_parsed(
    header: str | None, expected: tuple[int, int] | None
) -> None:
    wanted = None if expected is None else ByteRange(*expected)
    assert parse_range(header, 100) == wanted


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("bytes=100-", 100),
        ("bytes=100-200", 100),
        ("bytes=-0", 100),
        ("bytes=0-", 0),
        ("bytes=-5", 0),
        ("bytes=0-1,5-6", 100),
        ("bytes=9999999999999999999-", 100),
    ],
)
def test_range_that_cannot_be_met_is_refused(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(header, size)


class Opened:
    """Counts what is opened and closed."""

    def __init__(self) -> None:
        self.files: list[io.BytesIO] = []

    def __call__(self) -> BinaryIO:
        self.files.append(io.BytesIO(DATA))
        return self.files[-1]


@pytest.fixture
def opened() -> Opened:
    return Opened()


async def ask(
    opener: Callable[[], BinaryIO],
    method: str = "GET",
    on_sent: Callable[[int], None] = count_nothing,
    **headers: str,
) -> HttpResponseBase:
    request = RequestFactory().generic(
        method, "/", headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    return await ranged_response(
        request,
        opener,
        size=len(DATA),
        etag=ETAG,
        content_type="video/webm",
        on_sent=on_sent,
    )


async def test_range_is_answered_with_its_bytes(opened: Opened) -> None:
    response = await ask(opened, Range="bytes=1000-1999")

    assert isinstance(response, HttpResponse)
    assert response.status_code == 206
    assert response.content == DATA[1000:2000]
    assert response["Content-Range"] == f"bytes 1000-1999/{len(DATA)}"
    assert response["Content-Length"] == "1000"
    assert (response["Accept-Ranges"], response["ETag"]) == ("bytes", ETAG)
    assert response["Content-Type"] == "video/webm"
    assert "private" in response["Cache-Control"]
    assert opened.files[0].closed


async def test_long_range_is_cut_to_what_a_stalled_reader_may_cost(
    opened: Opened,
) -> None:
    response = await ask(opened, Range="bytes=100-")

    assert isinstance(response, HttpResponse)
    assert response.content == DATA[100 : 100 + LARGEST_ANSWER]
    last = 100 + LARGEST_ANSWER - 1
    assert response["Content-Range"] == f"bytes 100-{last}/{len(DATA)}"


async def test_no_range_streams_the_whole_file_in_blocks(opened: Opened) -> None:
    response = await ask(opened)

    assert isinstance(response, StreamingHttpResponse)
    assert response.is_async
    blocks = [block async for block in response]
    assert b"".join(blocks) == DATA
    assert max(map(len, blocks)) == BLOCK
    assert response["Content-Length"] == str(len(DATA))
    response.close()
    assert opened.files[0].closed


async def test_reader_that_leaves_closes_the_file(opened: Opened) -> None:
    response = await ask(opened)
    assert isinstance(response, StreamingHttpResponse)
    async for _block in response:
        break

    response.close()

    assert opened.files[0].closed


async def test_reader_that_leaves_was_sent_what_was_taken(opened: Opened) -> None:
    sent: list[int] = []
    response = await ask(opened, on_sent=sent.append)
    assert isinstance(response, StreamingHttpResponse)

    blocks = aiter(response)
    for _number in range(3):
        await anext(blocks)
    response.close()

    assert sent == [BLOCK, BLOCK]


@pytest.mark.parametrize(
    ("method", "header", "expected"),
    [
        ("GET", "bytes=100-199", [100]),
        ("GET", "bytes=100-", [LARGEST_ANSWER]),
        ("GET", f"bytes={len(DATA)}-", []),
        ("HEAD", "bytes=100-199", []),
    ],
    ids=["range", "cut", "behind the end", "head"],
)
async def test_part_counts_as_it_was_sent(
    opened: Opened, method: str, header: str, expected: list[int]
) -> None:
    sent: list[int] = []
    await ask(opened, method, on_sent=sent.append, Range=header)
    assert sent == expected


@pytest.mark.parametrize("range_header", ["", "bytes=0-10"], ids=["plain", "range"])
async def test_head_opens_nothing(opened: Opened, range_header: str) -> None:
    response = await ask(opened, "HEAD", Range=range_header)

    assert isinstance(response, HttpResponse)
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(DATA))
    assert response["Accept-Ranges"] == "bytes"
    assert opened.files == []


@pytest.mark.parametrize(
    ("if_range", "status"),
    [(ETAG, 206), ('"old"', 200), ("Sat, 21 Nov 2026 00:00:00 GMT", 200)],
    ids=["same", "other version", "a date"],
)
async def test_if_range_decides_between_part_and_whole(
    opened: Opened, if_range: str, status: int
) -> None:
    response = await ask(opened, Range="bytes=5-9", If_Range=if_range)
    assert response.status_code == status
    response.close()


@pytest.mark.parametrize("tags", [ETAG, f'"x", W/{ETAG}', "*"])
async def test_known_version_is_not_sent_again(opened: Opened, tags: str) -> None:
    response = await ask(opened, If_None_Match=tags)

    assert response.status_code == 304
    assert response["ETag"] == ETAG
    assert opened.files == []


async def test_range_behind_the_end_is_416(opened: Opened) -> None:
    response = await ask(opened, Range=f"bytes={len(DATA)}-")

    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(DATA)}"


async def test_other_methods_are_refused(opened: Opened) -> None:
    response = await ask(opened, "POST")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


async def test_file_shorter_than_its_record_is_an_error_not_a_short_answer() -> None:
    with pytest.raises(OSError, match="shorter"):
        await ask(lambda: io.BytesIO(b"short"), Range="bytes=0-99")
