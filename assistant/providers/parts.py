"""What is asked of a model, and what comes back while it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ChatRequest:
    """A conversation to be continued. `reference` is opaque to the provider."""

    system: str
    messages: Sequence[Mapping[str, Any]]
    max_tokens: int
    reference: str


@dataclass(frozen=True)
class AnswerStarted:
    """The provider accepted the request."""

    model: str
    request_id: str
    usage: Mapping[str, Any]


@dataclass(frozen=True)
class AnswerText:
    """A piece of the visible answer."""

    text: str


@dataclass(frozen=True)
class AnswerUsage:
    """The latest usage; cumulative, so the last one counts."""

    usage: Mapping[str, Any]


@dataclass(frozen=True)
class AnswerEnded:
    """The provider ended the answer."""

    stop_reason: str


AnswerPart = AnswerStarted | AnswerText | AnswerUsage | AnswerEnded


@dataclass(frozen=True)
class JudgeRequest:
    """A question answered by JSON that fits `schema`."""

    system: str
    text: str
    schema: Mapping[str, Any]
    max_tokens: int
    reference: str


@dataclass(frozen=True)
class JudgeAnswer:
    """The JSON text, and what it took."""

    text: str
    stop_reason: str
    model: str
    request_id: str
    usage: Mapping[str, Any] = field(default_factory=dict)
