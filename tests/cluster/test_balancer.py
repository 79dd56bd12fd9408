"""The balancer spreads connections, passes sockets through, and avoids the dead."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from interviewlm.cluster.balancer import BAD_GATEWAY, Balancer
from tools.bootstrap.ports import LOOPBACK, free_port


@contextlib.asynccontextmanager
async def backend(name: bytes) -> AsyncIterator[tuple[int, asyncio.Server]]:
    """Run a server that answers every line with its name and the line."""

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while line := await reader.readline():
            writer.write(name + b":" + line)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, LOOPBACK, 0)
    async with server:
        yield server.sockets[0].getsockname()[1], server


@contextlib.asynccontextmanager
async def balancing(*ports: int) -> AsyncIterator[int]:
    """Run a balancer before these ports."""
    balancer = Balancer(ports)
    server = await balancer.listen(0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await balancer.close()


async def ask(port: int, line: bytes) -> tuple[bytes, asyncio.StreamWriter]:
    """Send one line on a connection of its own and keep the connection open."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(line)
    return await asyncio.wait_for(reader.readline(), 5), writer


async def test_open_connections_are_spread_over_the_backends() -> None:
    async with (
        backend(b"a") as (first, _a),
        backend(b"b") as (second, _b),
        balancing(first, second) as port,
    ):
        answers = [await ask(port, b"hello\n") for _number in range(4)]
        assert sorted(line for line, _writer in answers) == (
            [b"a:hello\n"] * 2 + [b"b:hello\n"] * 2
        )
        for _line, writer in answers:
            writer.close()


async def test_connection_stays_with_its_backend_both_ways() -> None:
    async with backend(b"a") as (first, _a), balancing(first) as port:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        for number in range(20):
            writer.write(b"%d\n" % number)
            assert await asyncio.wait_for(reader.readline(), 5) == b"a:%d\n" % number
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_dead_backend_is_passed_over() -> None:
    async with backend(b"b") as (second, _b), balancing(free_port(), second) as port:
        for _number in range(3):
            line, writer = await ask(port, b"hello\n")
            assert line == b"b:hello\n"
            writer.close()


async def test_without_any_backend_the_answer_is_bad_gateway() -> None:
    async with balancing(free_port()) as port:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        assert await asyncio.wait_for(reader.read(), 5) == BAD_GATEWAY
        writer.close()


async def test_client_that_leaves_frees_its_place() -> None:
    async with backend(b"a") as (first, _a):
        balancer = Balancer([first])
        server = await balancer.listen(0)
        _line, writer = await ask(server.sockets[0].getsockname()[1], b"hello\n")
        assert balancer.backends[0].connections == 1
        writer.close()
        server.close()
        await asyncio.wait_for(balancer.ended(), 5)
        assert balancer.backends[0].connections == 0


async def test_close_ends_open_connections() -> None:
    async with backend(b"a") as (first, _a):
        balancer = Balancer([first])
        server = await balancer.listen(0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        await reader.readline()
        server.close()
        await asyncio.wait_for(balancer.close(), 5)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_every_byte_of_a_large_message_arrives() -> None:
    size = 3 * 1024 * 1024

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(-1))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, LOOPBACK, 0)
    async with server, balancing(server.sockets[0].getsockname()[1]) as port:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.write(b"x" * size)
        writer.write_eof()
        assert len(await asyncio.wait_for(reader.read(), 10)) == size
        writer.close()
