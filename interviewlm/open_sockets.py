"""Open sockets, counted by what they are for."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

from base.open_lines import count_line

ASGIApp = Callable[[Any, Any, Any], Awaitable[Any]]
_KINDS = {
    name: f"{name}_socket" for name in ("assistant", "workspace", "terminal", "voice")
}


class CountedSockets:
    """Counts each socket from its accept to its end, whatever ends it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        """Run the socket; one that is refused is never open."""
        parts = scope["path"].split("/")
        kind = next((_KINDS[part] for part in parts if part in _KINDS), "other_socket")
        with ExitStack() as counted:
            is_open = False

            async def note(message: Any) -> None:
                nonlocal is_open
                await send(message)
                if message["type"] == "websocket.accept" and not is_open:
                    is_open = True
                    counted.enter_context(count_line(kind))

            return await self.app(scope, receive, note)
