"""Reading a streamed answer: bytes to events, events to the parts of an answer.

The lines are read as they come off the wire, not as the SDK's event objects, which
cost twice as much for each token.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jiter

from assistant.errors import ProviderError
from assistant.providers.failures import event_failure, garbled_answer
from assistant.providers.parts import (
    AnswerBlock,
    AnswerEnded,
    AnswerPart,
    AnswerStarted,
    AnswerText,
    AnswerThought,
    AnswerUsage,
)

_Event = Mapping[str, Any]
# More than any event can be: what never ends a line is no stream of events.
_LONGEST_LINE = 64 * 1024 * 1024
_ACCUMULATED = {
    "thinking_delta": "thinking",
    "input_json_delta": "partial_json",
}


class EventLines:
    """Cuts bytes, however they were split, into the JSON of server-sent events."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[_Event]:
        """Yield the events that are complete. Raises ProviderError for what is none."""
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > _LONGEST_LINE:
            raise garbled_answer()
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:])
            elif self._data and line in (b"", b"\r"):
                data, self._data = b"\n".join(self._data), []
                yield _parse(data)


def _parse(data: bytes) -> _Event:
    try:
        event = jiter.from_json(data, cache_mode="keys")
    except ValueError as error:
        raise garbled_answer() from error
    if not isinstance(event, dict):
        raise garbled_answer()
    return event


class _Block:
    """A content block while its pieces arrive."""

    def __init__(self, opening: Mapping[str, Any]) -> None:
        self._block = dict(opening)
        self.pieces: list[str] = []

    def add(self, delta: Mapping[str, Any]) -> None:
        kind = delta.get("type")
        if kind in _ACCUMULATED:
            self.pieces.append(delta.get(_ACCUMULATED[kind]) or "")
        elif kind == "signature_delta":
            self._block["signature"] = delta.get("signature", "")
        elif kind == "citations_delta":
            known = self._block.get("citations") or []
            self._block["citations"] = [*known, delta.get("citation")]

    def finish(self) -> AnswerBlock:
        kind = self._block.get("type")
        text = "".join(self.pieces)
        if kind in ("text", "thinking"):
            self._block[kind] = (self._block.get(kind) or "") + text
        elif text:
            try:
                self._block["input"] = jiter.from_json(text.encode())
            except ValueError:
                return AnswerBlock(self._block, is_whole=False)
        return AnswerBlock(self._block)


class AnswerReader:
    """Turns the bytes of one streamed message into the parts of an answer.

    Unknown events and deltas are passed over: the API adds some without notice.
    `has_content` is set once the model has begun to write, in whichever block,
    `has_ended` at the last event.
    """

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id
        self._lines = EventLines()
        self._blocks: dict[int, _Block] = {}
        self.stop_reason: str | None = None
        self.has_content = False
        self.has_ended = False

    def feed(self, chunk: bytes) -> Iterator[AnswerPart]:
        """Yield what these bytes complete, text in one piece. Raises ProviderError."""
        texts: list[str] = []
        try:
            for event in self._lines.feed(chunk):
                if self._take_text(event, texts):
                    continue
                for part in self._read(event):
                    if texts:
                        yield AnswerText("".join(texts))
                        texts = []
                    yield part
        except ProviderError:
            if texts:
                yield AnswerText("".join(texts))
            raise
        if texts:
            yield AnswerText("".join(texts))

    def _take_text(self, event: _Event, texts: list[str]) -> bool:
        """Add a piece of visible text, as nearly all events are; False for another."""
        if event.get("type") != "content_block_delta":
            return False
        delta = event["delta"]
        if delta.get("type") != "text_delta":
            return False
        text = delta["text"]
        block = self._blocks.get(event.get("index", 0))
        if block is not None:
            block.pieces.append(text)
        texts.append(text)
        return True

    def _read(self, event: _Event) -> Iterator[AnswerPart]:
        kind = event.get("type")
        if kind == "content_block_delta":
            yield from self._read_delta(event.get("index", 0), event["delta"])
        elif kind == "content_block_start":
            yield from self._open(event.get("index", 0), event["content_block"])
        elif kind == "content_block_stop":
            block = self._blocks.pop(event.get("index", 0), None)
            if block is not None:
                yield block.finish()
        elif kind == "message_start":
            yield self._read_start(event["message"])
        elif kind == "message_delta":
            self.stop_reason = event["delta"].get("stop_reason") or self.stop_reason
            yield AnswerUsage(_usage_of(event))
        elif kind == "message_stop":
            self.has_ended = True
        elif kind == "error":
            raise event_failure(event.get("error") or {}, self._request_id)

    def end(self) -> AnswerEnded | None:
        """Return how the answer ended; None where it only stopped coming."""
        return None if self.stop_reason is None else AnswerEnded(self.stop_reason)

    def _read_start(self, message: Mapping[str, Any]) -> AnswerStarted:
        return AnswerStarted(
            model=str(message.get("model", "")),
            request_id=self._request_id,
            usage=_usage_of(message),
        )

    def _open(self, index: int, opening: Mapping[str, Any]) -> Iterator[AnswerPart]:
        self.has_content = True
        self._blocks[index] = _Block(opening)
        if opening.get("type") == "text" and opening.get("text"):
            yield AnswerText(opening["text"])

    def _read_delta(self, index: int, delta: Mapping[str, Any]) -> Iterator[AnswerPart]:
        block = self._blocks.get(index)
        if block is not None:
            block.add(delta)
        kind = delta.get("type")
        if kind in ("thinking_delta", "signature_delta", "input_json_delta"):
            # Billed whether it is shown or not; unshown thinking is only its seal.
            piece = delta.get(_ACCUMULATED.get(kind, "signature")) or ""
            yield AnswerThought(len(piece))


def _usage_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the usage as received, less what was left open."""
    usage = event.get("usage") or {}
    return {name: value for name, value in usage.items() if value is not None}
