"""The exact order of server-sent events in which a reply is streamed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.simulator.reply import Reply, pieces_of


@dataclass(frozen=True)
class Event:
    name: str
    data: Mapping[str, Any]

    @property
    def is_text_delta(self) -> bool:
        delta = self.data.get("delta", {})
        return delta.get("type") in {"text_delta", "input_json_delta"}

    def encode(self) -> bytes:
        return f"event: {self.name}\ndata: {json.dumps(self.data)}\n\n".encode()


def reply_events(reply: Reply) -> Iterator[Event]:
    yield _event("message_start", message=reply.start())
    if not reply.blocks:
        yield _event("ping")
    for index, block in enumerate(reply.blocks):
        yield _event("content_block_start", index=index, content_block=_opening(block))
        if index == 0:
            yield _event("ping")
        for delta in _deltas(reply, block):
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    yield _event(
        "message_delta",
        delta={
            "stop_reason": reply.stop_reason,
            "stop_sequence": reply.stop_sequence,
            "stop_details": reply.stop_details,
            "container": None,
        },
        usage={**reply.output_usage(), "server_tool_use": None},
    )
    yield _event("message_stop")


def with_unknown(events: Iterable[Event]) -> Iterator[Event]:
    """Put what no client has heard of, and pings, between the events."""
    for event in events:
        yield _event("ping")
        yield _event("simulated_news", news={"is": "none"})
        yield event
        if event.name == "content_block_start":
            delta = {"type": "simulated_delta", "text": "not for anybody"}
            yield _event("content_block_delta", index=event.data["index"], delta=delta)


def _event(kind: str, **data: Any) -> Event:
    return Event(kind, {"type": kind, **data})


def _opening(block: Mapping[str, Any]) -> dict[str, Any]:
    empty: dict[str, dict[str, Any]] = {
        "text": {"text": ""},
        "thinking": {"thinking": "", "signature": ""},
        "tool_use": {"input": {}},
        "server_tool_use": {"input": {}},
    }
    return {**block, **empty[block["type"]]}


def _deltas(reply: Reply, block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "thinking":
        for piece in pieces_of(block["thinking"]):
            yield {"type": "thinking_delta", "thinking": piece}
        yield {"type": "signature_delta", "signature": block["signature"]}
    elif block["type"] == "text":
        for piece in pieces_of(block["text"]):
            yield {"type": "text_delta", "text": piece}
    else:
        for piece in ["", *pieces_of(reply.tool_json)]:
            yield {"type": "input_json_delta", "partial_json": piece}
