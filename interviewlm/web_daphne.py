"""Daphne with an end of its own: by itself it cancels nothing and waits for nothing."""

import asyncio
import logging
from io import BytesIO
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server, twisted_loop
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor

from base.detached import start_up
from interviewlm import web
from interviewlm.bodies import BODY_FILE
from interviewlm.daphne_bodies import LimitedFactory

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 1.0


def serve(application: Any, *, host: str, port: int) -> None:
    """Serve until a stop signal; raise CannotListenError if the port is taken."""
    server = DaphneServer(
        application=application,
        endpoints=build_endpoint_description_strings(host=host, port=port),
        signal_handlers=False,
        websocket_max_message_size=web.MESSAGE_BYTES,
        websocket_max_frame_size=web.MESSAGE_BYTES,
        server_name="interviewlm",
        verbosity=0,
    )
    for number in web.STOP_SIGNALS:
        twisted_loop.add_signal_handler(number, server.begin_stop)
    server.run()
    if server.abort_start:
        raise web.CannotListenError


class DaphneServer(Server):  # type: ignore[misc]  # daphne is untyped
    """Knows its listening ports, and stops in order."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.connections: dict[Any, dict[str, Any]] = {}
        self._ports: list[Any] = []
        self._starting: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._http_factory: LimitedFactory | None = None

    @property
    def http_factory(self) -> LimitedFactory | None:
        """What makes connections; `run` makes one that takes a body of any length."""
        return self._http_factory

    @http_factory.setter
    def http_factory(self, _without_limit: Any) -> None:
        self._http_factory = LimitedFactory(self)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Give a large body as the file it is in; daphne would queue it in memory."""
        if scope["type"] == "http" and not isinstance(protocol.content, BytesIO):
            scope[BODY_FILE], protocol.content = protocol.content, BytesIO()
        return super().create_application(protocol, scope)

    def listen_success(self, port: Any) -> None:
        """Keep the port, which daphne itself forgets, and say that we serve."""
        self._ports.append(port)
        super().listen_success(port)
        if self._starting is None:
            self._starting = twisted_loop.create_task(start_up())

    def begin_stop(self) -> None:
        """Start stopping, once."""
        if self._stopping is None:
            web.start_last_resort()
            self._stopping = twisted_loop.create_task(self._stop())

    async def _stop(self) -> None:
        try:
            await asyncio.gather(*(_close(port) for port in self._ports))
            await web.run_hooks()
            self._close_sockets()
            await self._drain()
        finally:
            reactor.stop()  # type: ignore[misc]  # a module that is an object

    def _close_sockets(self) -> None:
        for protocol in list(self.connections):
            if (
                isinstance(protocol, WebSocketProtocol)
                and protocol.state == protocol.STATE_OPEN
            ):
                # sendClose refuses the registered codes that servers are to use.
                protocol.sendCloseFrame(code=web.SERVICE_RESTART)

    async def _drain(self) -> None:
        """Let the applications end by themselves, then cancel those that do not."""
        running = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details
        ]
        if not running:
            return
        _done, pending = await asyncio.wait(running, timeout=DRAIN_SECONDS)
        for application in pending:
            application.cancel()
        if pending:
            await asyncio.wait(pending, timeout=DRAIN_SECONDS)

    def kill_all_applications(self) -> None:
        """Do nothing: `_drain` has ended them (daphne's fails on idle connections)."""


async def _close(port: Any) -> None:
    closing = port.stopListening()
    if closing is not None:
        await closing.asFuture(twisted_loop)
