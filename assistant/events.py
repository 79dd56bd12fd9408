"""The kinds of events this app writes to the timeline."""

from typing import ClassVar

from interviews.timeline.registry import Payload, register_kind


@register_kind
class TurnAsked(Payload):
    """The candidate asked; `files` maps paths sent along to content hashes."""

    kind: ClassVar[str] = "turn.asked"
    turn: str
    conversation: str
    message: str
    text: str
    files: dict[str, str]
    run: str | None = None


@register_kind
class TurnText(Payload):
    """Up to a second of the answer; `marks` are [ms into the block, offset]."""

    kind: ClassVar[str] = "turn.text"
    turn: str
    offset: int
    text: str
    marks: list[list[int]]


@register_kind
class TurnFinished(Payload):
    """The answer ended, whole or stopped by the candidate."""

    kind: ClassVar[str] = "turn.finished"
    turn: str
    message: str
    stop_reason: str
    text_length: int


@register_kind
class TurnFailed(Payload):
    """The answer failed or was cut off; what had arrived is kept."""

    kind: ClassVar[str] = "turn.failed"
    turn: str
    code: str
    text_length: int


@register_kind
class MessageRated(Payload):
    """The candidate rated an answer: up, down, or null to take it back."""

    kind: ClassVar[str] = "message.rated"
    turn: str
    message: str
    rating: str | None


@register_kind
class TurnFallback(Payload):
    """Another model answers than the one chosen, which failed with `code`."""

    kind: ClassVar[str] = "turn.fallback"
    turn: str
    chosen: str
    model: str
    provider: str
    code: str
