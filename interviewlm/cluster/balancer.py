"""A small TCP balancer: every connection, sockets included, goes to one web process."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tools.bootstrap.ports import LOOPBACK

logger = logging.getLogger(__name__)

BLOCK_BYTES = 64 * 1024
CONNECT_SECONDS = 3.0
AVOID_SECONDS = 2.0
BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


@dataclass(slots=True)
class Backend:
    """One web process behind the balancer."""

    port: int
    connections: int = 0
    avoid_until: float = 0.0


class Balancer:
    """Sends each new connection to the living backend with the fewest."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.backends = [Backend(port) for port in ports]
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, port: int) -> asyncio.Server:
        """Start accepting."""
        return await asyncio.start_server(self._accept, LOOPBACK, port)

    async def close(self) -> None:
        """End every connection that is open."""
        for task in self._tasks:
            task.cancel()
        await self.ended()

    async def ended(self) -> None:
        """Return once no connection is open."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.closing(writer):
            found = await self._connect()
            if found is None:
                writer.write(BAD_GATEWAY)
                return
            backend, far_reader, far_writer = found
            backend.connections += 1
            try:
                with contextlib.closing(far_writer):
                    await _join(reader, writer, far_reader, far_writer)
            finally:
                backend.connections -= 1

    async def _connect(
        self,
    ) -> tuple[Backend, asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Try the backends, the idle first and those that lately failed last."""
        now = time.monotonic()
        for backend in sorted(
            self.backends, key=lambda each: (each.avoid_until > now, each.connections)
        ):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    streams = await asyncio.open_connection(LOOPBACK, backend.port)
            except (OSError, TimeoutError):
                backend.avoid_until = now + AVOID_SECONDS
                logger.warning("Backend on port %s does not answer", backend.port)
                continue
            return backend, *streams
        return None


async def _join(
    near_reader: asyncio.StreamReader,
    near_writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    """Copy both ways until both have ended; a broken one ends the other."""
    with contextlib.suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as both:
            both.create_task(_copy(near_reader, far_writer))
            both.create_task(_copy(far_reader, near_writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await reader.read(BLOCK_BYTES):
        writer.write(block)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def run(port: int, backends: Sequence[int]) -> None:
    """Balance until SIGTERM or SIGINT."""
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    balancer = Balancer(backends)
    server = await balancer.listen(port)
    await told_to_stop.wait()
    server.close()
    await balancer.close()


def main(arguments: Sequence[str]) -> int:
    """Run the balancer from the command line."""
    parser = argparse.ArgumentParser(prog="balancer", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--to", type=int, action="append", required=True)
    options = parser.parse_args(arguments)
    asyncio.run(run(options.port, options.to))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
