"""The simulator as a raw ASGI application: routes, streams, faults, its log."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import ValidationError

from assistant.simulator.catalogue import MODELS
from assistant.simulator.context import last_message
from assistant.simulator.errors import ApiError, error_body
from assistant.simulator.exchange import (
    DisconnectedError,
    Exchange,
    Receive,
    Scope,
    Send,
)
from assistant.simulator.faults import Fault, FaultOrder, FaultQueue
from assistant.simulator.reply import Reply, make_reply
from assistant.simulator.sse import reply_events, with_unknown
from assistant.simulator.usage import PromptCache, prompt_tokens
from assistant.simulator.validate import (
    check_key,
    check_plain_tools,
    check_version,
    find_model,
    parse_count,
    parse_json,
    parse_messages,
)
from assistant.simulator.wire import MessagesRequest

logger = logging.getLogger(__name__)

AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
RING = 50
SPLIT_BYTES = 7
DEFAULT_SECONDS = {"slow": 3.0, "stall": 600.0}
STREAM_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
}


@dataclass(frozen=True)
class Settings:
    """`keep_bodies` is for tests only: prompts are otherwise forgotten at once."""

    token_delay_ms: float = 0.0
    keep_bodies: bool = False


@dataclass
class RequestSummary:
    path: str
    model: str
    stream: bool
    messages: int
    user_agent: str
    retry_count: str
    request_id: str
    fault: str | None = None
    status: int | None = None
    body: dict[str, Any] | None = None


class Simulator:
    """Holds what one process remembers: prompt cache, fault queue, request log."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cache = PromptCache()
        self.faults = FaultQueue()
        self.log: deque[RequestSummary] = deque(maxlen=RING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            async with Exchange(scope, receive, send) as exchange:
                await self._serve(exchange)

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await self._route(exchange)
        except DisconnectedError:
            return
        except ApiError as error:
            await _refuse(exchange, error)
        except Exception:
            logger.exception("request %s failed", exchange.request_id)
            if not exchange.started:
                await _refuse(exchange, ApiError(500, "Internal server error"))

    async def _route(self, exchange: Exchange) -> None:
        body = await exchange.body()
        path = exchange.path.rstrip("/") or "/"
        if path == "/healthz":
            await exchange.answer(200, {"status": "ok", "simulated": True})
        elif path.startswith("/simulator/"):
            await self._control(exchange, path, body)
        elif path == "/v1/models" or path.startswith("/v1/models/"):
            _require(exchange, "GET")
            check_key(exchange.headers)
            await _models(exchange, path)
        elif path == "/v1/messages/count_tokens":
            _require(exchange, "POST")
            await self._count(exchange, body)
        elif path == "/v1/messages":
            _require(exchange, "POST")
            await self._messages(exchange, body)
        else:
            raise ApiError(404, "Not found")

    async def _control(self, exchange: Exchange, path: str, body: bytes) -> None:
        """Test switches, closed to pages of other sites that a browser may show."""
        if "origin" in exchange.headers:
            raise ApiError(403, "The control endpoints do not serve browsers")
        if path == "/simulator/requests":
            _require(exchange, "GET")
            await exchange.answer(200, {"requests": self.recent_requests()})
        elif path == "/simulator/faults":
            if exchange.method != "GET":
                _require(exchange, "POST")
                self.faults.order(_parse_order(body))
            await exchange.answer(200, {"next": self.faults.pending()})
        else:
            raise ApiError(404, "Not found")

    def recent_requests(self) -> list[dict[str, Any]]:
        return [asdict(summary) for summary in self.log]

    async def _count(self, exchange: Exchange, body: bytes) -> None:
        summary = self._summarise(exchange)
        check_key(exchange.headers)
        check_version(exchange.headers)
        request = parse_count(parse_json(body))
        summary.model, summary.status = request.model, 200
        await exchange.answer(200, {"input_tokens": prompt_tokens(request)})

    async def _messages(self, exchange: Exchange, body: bytes) -> None:
        summary = self._summarise(exchange)
        try:
            await self._answer(exchange, body, summary)
        except ApiError as error:
            summary.status = error.status
            raise

    async def _answer(
        self, exchange: Exchange, body: bytes, summary: RequestSummary
    ) -> None:
        key = check_key(exchange.headers)
        version = check_version(exchange.headers)
        data = parse_json(body)
        self._note(summary, data)
        request = parse_messages(data, version)
        fault = self.faults.take(
            exchange.headers, exchange.query, last_message(request)
        )
        summary.fault = fault.fault if fault else None
        if fault is not None:
            fault.raise_status()
            if fault.fault == "plain_tools":
                check_plain_tools(request)
        obeys = fault is not None and fault.fault == "obey"
        reply = make_reply(request, self.cache.charge(request, key), obeys=obeys)
        summary.status = 200
        await self._deliver(exchange, request, _bent(reply, fault), fault)

    async def _deliver(
        self,
        exchange: Exchange,
        request: MessagesRequest,
        reply: Reply,
        fault: Fault | None,
    ) -> None:
        name = fault.fault if fault else None
        if fault is not None and name == "slow":
            await exchange.pause(_seconds(fault))
        if request.stream:
            limits = fault.limit_headers() if fault else {}
            await exchange.start(200, {**STREAM_HEADERS, **limits})
            await self._stream(exchange, reply, fault)
            return
        if fault is not None and name == "stall":
            await exchange.pause(_seconds(fault))
        if name == "overloaded":
            raise ApiError(529, "Overloaded")
        if name == "drop":
            await exchange.start(
                200, {"content-type": "application/json", "content-length": "65536"}
            )
            await exchange.write(b'{"id": "')
            return
        await exchange.answer(200, reply.as_message())

    async def _stream(
        self, exchange: Exchange, reply: Reply, fault: Fault | None
    ) -> None:
        """Send the events; returning before the end makes the server cut the line."""
        name = fault.fault if fault else None
        deltas = 0
        events = reply_events(reply)
        for event in with_unknown(events) if name == "unknown" else events:
            if name == "no_stop" and event.name in {"message_delta", "message_stop"}:
                break
            is_due = event.name == "message_delta" or (
                event.is_text_delta and fault is not None and deltas >= fault.after
            )
            if is_due and fault is not None:
                if not await self._strike(exchange, fault):
                    return
                fault = None
            for piece in _split(event.encode(), name):
                await exchange.write(piece)
            if event.is_text_delta:
                deltas += 1
                await exchange.pause(self.settings.token_delay_ms / 1000)
        await exchange.write(b"", is_last=True)

    async def _strike(self, exchange: Exchange, fault: Fault) -> bool:
        """Do what the fault does mid-stream; False where the stream ends with it."""
        if fault.fault == "stall":
            await exchange.pause(_seconds(fault))
        if fault.fault == "overloaded":
            error = error_body("overloaded_error", "Overloaded", exchange.request_id)
            await exchange.write(_error_event(error), is_last=True)
        return fault.fault not in {"overloaded", "drop"}

    def _summarise(self, exchange: Exchange) -> RequestSummary:
        summary = RequestSummary(
            path=exchange.path,
            model="",
            stream=False,
            messages=0,
            user_agent=exchange.headers.get("user-agent", ""),
            retry_count=exchange.headers.get("x-stainless-retry-count", "0"),
            request_id=exchange.request_id,
        )
        self.log.append(summary)
        return summary

    def _note(self, summary: RequestSummary, data: dict[str, Any]) -> None:
        messages = data.get("messages")
        summary.model = str(data.get("model", ""))[:256]
        summary.stream = data.get("stream") is True
        summary.messages = len(messages) if isinstance(messages, list) else 0
        summary.body = data if self.settings.keep_bodies else None


def create_app(settings: Settings | None = None) -> Simulator:
    return Simulator(settings or Settings())


def _bent(reply: Reply, fault: Fault | None) -> Reply:
    """The reply with what the fault changes in its content."""
    if fault is not None and fault.fault == "empty":
        return reply.emptied()
    if fault is not None and fault.fault == "refusal":
        return reply.refused(fault.after)
    if fault is not None and fault.fault == "max_tokens":
        return reply.cut(fault.after)
    if fault is not None and fault.fault == "pause_turn":
        return reply.paused(fault.after)
    if fault is not None and fault.fault.startswith("tool_"):
        return reply.misused(fault.fault)
    return reply


def _split(data: bytes, fault: str | None) -> Iterator[bytes]:
    """Cut an event into pieces that end anywhere, inside a character too."""
    size = SPLIT_BYTES if fault == "split" else len(data)
    for start in range(0, len(data), size):
        yield data[start : start + size]


def _seconds(fault: Fault) -> float:
    if fault.seconds is not None:
        return fault.seconds
    return DEFAULT_SECONDS[fault.fault]


def _error_event(body: Mapping[str, Any]) -> bytes:
    return f"event: error\ndata: {json.dumps(body)}\n\n".encode()


def _parse_order(body: bytes) -> FaultOrder:
    try:
        return FaultOrder.model_validate(parse_json(body))
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
        raise ApiError(400, f"faults: {reason}") from None


def _require(exchange: Exchange, method: str) -> None:
    if exchange.method != method:
        raise ApiError(405, f"Method {exchange.method} is not allowed here")


async def _models(exchange: Exchange, path: str) -> None:
    model_id = path.removeprefix("/v1/models").strip("/")
    if model_id:
        await exchange.answer(200, find_model(model_id).describe())
        return
    data = [model.describe() for model in MODELS.values()]
    await exchange.answer(
        200,
        {
            "data": data,
            "has_more": False,
            "first_id": data[0]["id"],
            "last_id": data[-1]["id"],
        },
    )


async def _refuse(exchange: Exchange, error: ApiError) -> None:
    await exchange.answer(error.status, error.body(exchange.request_id), error.headers)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
