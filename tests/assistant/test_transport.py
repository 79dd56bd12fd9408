"""The transport under the SDK: what came before a break, and what kind of break it was."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest

from assistant.providers.tallies import CONNECTIONS
from assistant.providers.transport import AiohttpTransport, arrivals_of

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
SECOND = 1.0


@asynccontextmanager
async def serving(answer: Serve) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


@asynccontextmanager
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    timeout = httpx2.Timeout(30.0)
    async with httpx2.AsyncClient(
        transport=AiohttpTransport(), timeout=timeout
    ) as opened:
        yield opened


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


async def test_what_came_before_the_connection_broke_is_read() -> None:
    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_request(reader)
        # All at once, as it lies in the buffer of one who reads now and then.
        writer.write(HEAD + b"3\r\none\r\n3\r\ntwo\r\n")

    read: list[bytes] = []
    async with (
        serving(answer) as url,
        client() as opened,
        opened.stream("POST", url, content=b"x") as response,
    ):
        # Both have most likely come by now, the words and the break.
        await asyncio.sleep(0.05)
        with pytest.raises(httpx2.ReadError):
            await read_into(read, response)
    assert b"".join(read) == b"onetwo"


async def read_into(read: list[bytes], response: httpx2.Response) -> None:
    async for data in response.aiter_raw():
        read.append(data)  # noqa: PERF401 -- what came before an error is wanted


async def test_server_that_closes_without_an_answer_was_reached() -> None:
    async def answer(
        reader: asyncio.StreamReader, _writer: asyncio.StreamWriter
    ) -> None:
        await read_request(reader)

    async with serving(answer) as url, client() as opened:
        with pytest.raises(httpx2.ReadError):
            await opened.post(url, content=b"x")


async def test_server_that_is_not_there_was_never_reached() -> None:
    async with serving(lambda *_streams: asyncio.sleep(0)) as url:
        pass
    async with client() as opened:
        with pytest.raises(httpx2.ConnectError):
            await opened.post(url, content=b"x")


async def test_server_that_says_nothing_is_not_waited_for_any_longer() -> None:
    is_over = asyncio.Event()

    async def answer(
        reader: asyncio.StreamReader, _writer: asyncio.StreamWriter
    ) -> None:
        await read_request(reader)
        await is_over.wait()

    async with serving(answer) as url, client() as opened:
        with pytest.raises(httpx2.ReadTimeout):
            await opened.post(url, content=b"x", timeout=httpx2.Timeout(0.05))
        is_over.set()


async def test_what_is_no_http_is_a_fault_of_the_server() -> None:
    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_request(reader)
        writer.write(b"nonsense\r\n\r\n")

    async with serving(answer) as url, client() as opened:
        with pytest.raises(httpx2.RemoteProtocolError):
            await opened.post(url, content=b"x")


async def test_only_what_the_sdk_set_is_sent_and_the_connection_used_again() -> None:
    requests: list[bytes] = []

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while not reader.at_eof():
            try:
                requests.append(await read_request(reader))
            except asyncio.IncompleteReadError:
                return
            writer.write(WHOLE)

    before = count("reused")
    async with serving(answer) as url, client() as opened:
        for _time in range(2):
            response = await opened.post(
                url, content=b"{}", headers={"x-api-key": "k", "user-agent": "sdk"}
            )
            assert response.text == "ok"
    assert requests[0] == requests[1]
    assert b"x-api-key: k" in requests[0]
    assert requests[0].lower().count(b"user-agent:") == 1
    assert requests[0].endswith(b"\r\n\r\n{}")
    assert count("reused") == before + 1


async def test_answer_that_is_left_in_the_middle_ends_its_connection() -> None:
    has_ended = asyncio.Event()

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_request(reader)
        writer.write(HEAD + b"3\r\none\r\n")
        await reader.read()
        has_ended.set()

    async with serving(answer) as url, client() as opened:
        async with opened.stream("POST", url, content=b"x") as response:
            assert await anext(response.aiter_raw()) == b"one"
        await asyncio.wait_for(has_ended.wait(), 30 * SECOND)


async def test_what_has_arrived_is_read_beside_the_iterator_without_waiting() -> None:
    is_first_read, may_end = asyncio.Event(), asyncio.Event()

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_request(reader)
        writer.write(HEAD + b"3\r\none\r\n")
        await is_first_read.wait()
        writer.write(b"3\r\ntwo\r\n5\r\nthree\r\n")
        await may_end.wait()
        writer.write(b"4\r\nfour\r\n0\r\n\r\n")

    async with (
        serving(answer) as url,
        client() as opened,
        opened.stream("POST", url, content=b"x") as response,
    ):
        arrived, rest = arrivals_of(response), response.aiter_raw()
        assert await anext(rest) == b"one"
        assert arrived() == b""
        is_first_read.set()
        data = b""
        while len(data) < 8:
            await asyncio.sleep(0)
            data += arrived()
        assert data == b"twothree"
        may_end.set()
        assert [part async for part in rest] == [b"four"]


async def test_compressed_answer_is_read_by_the_iterator_only() -> None:
    head = HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n")
    packed = gzip.compress(b"words")

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_request(reader)
        writer.write(b"%b%x\r\n%b\r\n0\r\n\r\n" % (head, len(packed), packed))

    async with (
        serving(answer) as url,
        client() as opened,
        opened.stream("POST", url, content=b"x") as response,
    ):
        await asyncio.sleep(0.05)
        assert arrivals_of(response)() == b""
        assert b"".join([part async for part in response.aiter_bytes()]) == b"words"


def count(state: str) -> float:
    return float(CONNECTIONS.labels(state)._value.get())
