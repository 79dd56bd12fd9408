"""Uvicorn with our end: it awaits the hooks before it closes the connections."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from base.detached import start_up
from interviewlm import web


def serve(application: Any, *, host: str, port: int) -> None:
    """Serve until a stop signal; raise CannotListenError if the port is taken."""
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        # Or a request would begin in what the one before it on its connection has left.
        reset_contextvars=True,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        ws_max_size=web.MESSAGE_BYTES,
        # A few words at a time do not get smaller, and each socket would keep a window.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    with _listening(config) as listener:
        UvicornServer(config).run(sockets=[listener])


@contextlib.contextmanager
def _listening(config: uvicorn.Config) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((config.host, config.port))
        except OSError as error:
            raise web.CannotListenError from error
        yield listener


class UvicornServer(uvicorn.Server):
    """Ends with exit code 0, where uvicorn would raise its signal again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Have a stop signal end the main loop."""
        loop = asyncio.get_running_loop()
        for number in web.STOP_SIGNALS:
            loop.add_signal_handler(number, self._begin_stop)
        yield

    def _begin_stop(self) -> None:
        if not self.should_exit:
            web.start_last_resort()
            self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say that we serve."""
        await super().startup(sockets)
        await start_up()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, await the hooks, then close what is open."""
        for server in self.servers:
            server.close()
        await web.run_hooks()
        await super().shutdown(sockets)
