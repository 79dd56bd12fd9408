"""What is asked of a model, and what comes back while it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.configuration import Configuration
from assistant.providers.trace import CallTrace


@dataclass(frozen=True)
class ChatRequest:
    """A conversation to be continued. `reference` is opaque to the provider.

    `system` and the contents of `messages` are blocks, sent as they are: where the
    provider is to cache is marked in them. `brief` is set past a soft limit of a
    budget: words that ask for a short answer, which the last message holds already,
    so that what is cached stays cached; the model is to make little effort, too.
    `is_quick` asks for as little thinking as a model can be told to do: the same for
    all of a conversation, which its cache depends on. `schema` has the answer be JSON
    that fits it.
    """

    system: Sequence[Mapping[str, Any]]
    messages: Sequence[Mapping[str, Any]]
    max_tokens: int
    reference: str
    brief: str = ""
    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: Mapping[str, Any] | None = None
    is_quick: bool = False
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class TryBegun:
    """The request goes out now, as `target` says: from here on it may cost something.

    `trace` is filled in as the call goes on, and is there whatever becomes of it.
    """

    target: Configuration | None = None
    trace: CallTrace | None = None


@dataclass(frozen=True)
class TryFailed:
    """A try failed that will be repeated: after a pause, elsewhere, or both.

    `usage` is what the provider had said of its cost by then, if anything; `arrived`
    is what had arrived of thinking and tool input, in characters.
    """

    code: str
    request_id: str
    is_unbilled: bool
    usage: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    arrived: int = 0
    trace: CallTrace | None = None


@dataclass(frozen=True)
class AnswerStarted:
    """The provider accepted the request; `model` is the one that answers.

    `fallback_from` names the model that should have answered and could not.
    """

    model: str
    request_id: str
    usage: Mapping[str, Any]
    fallback_from: str = ""


@dataclass(frozen=True)
class AnswerText:
    """A piece of the visible answer."""

    text: str


@dataclass(frozen=True)
class AnswerThought:
    """Thinking or tool input that arrived, in characters; sealed counts as it came."""

    characters: int


@dataclass(frozen=True)
class AnswerBlock:
    """A content block that is finished, shaped as it may be sent back: unmodified.

    Not `is_whole`: the input of a tool that is no JSON, because it was cut off.
    """

    block: Mapping[str, Any]
    is_whole: bool = True


@dataclass(frozen=True)
class AnswerUsage:
    """The final usage; cumulative, so the last one counts."""

    usage: Mapping[str, Any]


@dataclass(frozen=True)
class AnswerPaused:
    """The provider paused the answer: one call is over, the next continues it."""


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
    | AnswerBlock
    | AnswerUsage
    | AnswerPaused
    | AnswerEnded
)
