"""What is asked of a model, and what comes back while it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ChatRequest:
    """A conversation to be continued. `reference` is opaque to the provider.

    `brief` is set past a soft limit of a budget: words that ask for a short answer,
    sent after `system` and apart from it, so that what is cached stays cached; the
    model is to make little effort, too.
    """

    system: str
    messages: Sequence[Mapping[str, Any]]
    max_tokens: int
    reference: str
    brief: str = ""


@dataclass(frozen=True)
class TryBegun:
    """The request goes out now: from here on it may cost something."""


@dataclass(frozen=True)
class TryFailed:
    """The provider refused a try that will be repeated after a pause."""

    code: str
    request_id: str
    is_unbilled: bool


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
class AnswerThought:
    """Thinking that arrived, in characters; sealed thinking counts as it came."""

    characters: int


@dataclass(frozen=True)
class AnswerUsage:
    """The final usage; cumulative, so the last one counts."""

    usage: Mapping[str, Any]


@dataclass(frozen=True)
class AnswerEnded:
    """The provider ended the answer."""

    stop_reason: str


AnswerPart = (
    TryBegun
    | TryFailed
    | AnswerStarted
    | AnswerText
    | AnswerThought
    | AnswerUsage
    | AnswerEnded
)


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
