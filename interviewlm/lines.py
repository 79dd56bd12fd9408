"""A socket's frames without a socket: out as server-sent events, in by POST.

For networks that block WebSockets. The very consumer of the socket runs behind a line,
so that both ways mean the same; only the transport differs.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from channels.exceptions import ChannelFull
from channels.layers import (
    BaseChannelLayer,
    InMemoryChannelLayer,
    get_channel_layer,
)
from channels.routing import URLRouter
from django.core.exceptions import ImproperlyConfigured
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from assistant.api.sse import encode_event
from assistant.routing import websocket_urlpatterns
from base.errors import DomainError
from interviewlm.threads import DatabaseThreads
from interviews.frames import MAX_FRAME_CHARS
from interviews.workspace.errors import BadFrameError

logger = logging.getLogger(__name__)

# What a page may have on its way before it is told to wait, and what waits for it.
MOST_WAITING = 100
# Of one interview in this process: windows, and connections not yet known to be dead.
MOST_LINES = 20
ENDS_WITHIN = 5.0
AWAY_SECONDS = 1.0
CLOSE_FAILED = 1011
CLOSE_BUSY = 1013
CLOSE_GONE = 1001

Message = Mapping[str, Any]

_application = DatabaseThreads(
    cast("Any", URLRouter(cast("list[Any]", websocket_urlpatterns)))
)
_signer = Signer(salt="interviewlm.lines")
_open: dict[str, "Line"] = {}


def _layer() -> BaseChannelLayer:
    layer = get_channel_layer()
    if layer is None:
        raise ImproperlyConfigured("CHANNEL_LAYERS has no default")
    return layer


class LineGoneError(DomainError):
    """The line has ended: the page opens another and sends again."""

    code = "line_gone"
    status = 409
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("The connection was lost. It is opened again."))


class LineFullError(DomainError):
    """More frames than anybody types."""

    code = "too_many_frames"
    status = 429
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("Too many messages at once."), retry_after=1.0)


class Line:
    """One page's stand-in for a socket; runs while its events are read."""

    def __init__(self, interview_id: UUID, cookies: Mapping[str, str]) -> None:
        path = f"/ws/interviews/{interview_id}/assistant/"
        self.interview_id = interview_id
        # Without a user: whoever has not the candidate's cookie is refused.
        self._scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "cookies": dict(cookies),
        }
        self._incoming: asyncio.Queue[Message] = asyncio.Queue(MOST_WAITING)
        # Small: a page that reads slowly holds its own consumer back, nobody else.
        self._outgoing: asyncio.Queue[Message] = asyncio.Queue(8)

    async def events(self) -> AsyncIterator[bytes]:
        """Yield `line`, which names this line, every frame, and `close` in the end."""
        channel = await _layer().new_channel()
        if self._count_others() >= MOST_LINES:
            yield encode_event("close", {"code": CLOSE_BUSY})
            return
        _open[channel] = self
        self._incoming.put_nowait({"type": "websocket.connect"})
        running = asyncio.create_task(self._run())
        listening = asyncio.create_task(self._listen(channel))
        try:
            name = _signer.sign_object([str(self.interview_id), channel])
            yield encode_event("line", {"line": name})
            while True:
                message = await self._outgoing.get()
                if message["type"] == "websocket.close":
                    yield encode_event("close", {"code": message.get("code", 1000)})
                    return
                if message["type"] == "websocket.send":
                    yield encode_event("frame", json.loads(message["text"]))
        finally:
            del _open[channel]
            listening.cancel()
            await self._end(running)
            with suppress(asyncio.CancelledError):
                await listening

    def _count_others(self) -> int:
        lines = _open.values()
        return sum(line.interview_id == self.interview_id for line in lines)

    async def _run(self) -> None:
        """Serve the page as its socket would; any end is told as a close."""
        code = CLOSE_FAILED
        try:
            await _application(self._scope, self._incoming.get, self._outgoing.put)
            code = CLOSE_GONE
        except Exception:
            logger.exception("A line failed")
        await self._outgoing.put({"type": "websocket.close", "code": code})

    async def _end(self, running: asyncio.Task[None]) -> None:
        """Let the consumer leave in order; nobody reads what it still says."""
        with suppress(asyncio.QueueFull):
            self._incoming.put_nowait(
                {"type": "websocket.disconnect", "code": CLOSE_GONE}
            )
        unread = asyncio.create_task(self._drop_rest())
        await asyncio.wait({running}, timeout=ENDS_WITHIN)
        running.cancel()
        unread.cancel()
        await asyncio.gather(running, unread, return_exceptions=True)

    async def _drop_rest(self) -> None:
        while True:
            await self._outgoing.get()

    async def _listen(self, channel: str) -> None:
        """Take frames that reached another process."""
        layer = _layer()
        while True:
            try:
                message = await layer.receive(channel)
            except (RedisError, OSError):
                logger.warning("A line hears nothing of other processes")
                await asyncio.sleep(AWAY_SECONDS)
                continue
            with suppress(LineFullError):
                self.take(message["text"])

    def take(self, text: str) -> None:
        """Hand a frame to the consumer. Raises LineFullError."""
        try:
            self._incoming.put_nowait({"type": "websocket.receive", "text": text})
        except asyncio.QueueFull:
            raise LineFullError from None


async def send_to_line(interview_id: UUID, name: str, frame: Message) -> None:
    """Give a frame to the line of that name, wherever it is served.

    Raises LineGoneError where it is known to have ended and for a name that is not
    this interview's, LineFullError, BadFrameError for a frame that no socket takes.
    """
    try:
        owner, channel = _signer.unsign_object(name)
    except (BadSignature, ValueError):
        raise LineGoneError from None
    if owner != str(interview_id):
        raise LineGoneError
    text = json.dumps(frame)
    if len(text) > MAX_FRAME_CHARS:
        raise BadFrameError(_("This is too large to send at once."))
    line = _open.get(channel)
    if line is not None:
        line.take(text)
        return
    layer = _layer()
    if isinstance(layer, InMemoryChannelLayer):
        raise LineGoneError
    try:
        await layer.send(channel, {"type": "line.frame", "text": text})
    except ChannelFull:
        raise LineFullError from None
