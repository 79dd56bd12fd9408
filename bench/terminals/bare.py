"""The least a terminal in the browser can be: a PTY over an aiohttp WebSocket.

`python -m bench.terminals.bare PORT`; the baseline of `bench.terminal`. A bash of the
machine itself: no sandbox, nothing kept, nobody else at it, nothing recorded.
"""

import asyncio
import os
import pty
import subprocess
import sys
from contextlib import suppress

from aiohttp import WSMsgType, web

_READ_BYTES = 64 * 1024
_SHELL = ("/usr/bin/bash", "--noprofile", "--norc", "-i")
_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PS1": "$ ", "TERM": "xterm-256color"}


async def serve_terminal(request: web.Request) -> web.WebSocketResponse:
    """A shell for as long as the socket."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    master, slave = pty.openpty()
    process = _start(slave)
    os.close(slave)
    os.set_blocking(master, False)
    sending = asyncio.create_task(_send(master, socket))
    try:
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                os.write(master, message.data)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        process.kill()
        process.wait()
        os.close(master)
    return socket


def _start(slave: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["/usr/bin/setsid", "--ctty", *_SHELL],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=_ENV,
    )


async def _send(master: int, socket: web.WebSocketResponse) -> None:
    """Each piece as it comes, once the socket has taken the one before."""
    while data := await _read(master):
        await socket.send_bytes(data)


async def _read(master: int) -> bytes:
    loop = asyncio.get_running_loop()
    while True:
        try:
            return os.read(master, _READ_BYTES)
        except BlockingIOError:
            ready = loop.create_future()
            loop.add_reader(master, _settle, ready)
            try:
                await ready
            finally:
                loop.remove_reader(master)
        except OSError:
            return b""


def _settle(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


def main(port: int) -> None:
    """Serve until told to stop."""
    app = web.Application()
    app.router.add_get("/", serve_terminal)
    with suppress(KeyboardInterrupt):
        web.run_app(app, host="127.0.0.1", port=port, print=lambda *_words: None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
