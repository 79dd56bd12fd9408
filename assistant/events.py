"""The kinds of events this app writes to the timeline."""

from typing import Any, ClassVar, Literal

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


@register_kind
class TurnReplaced(Payload):
    """The candidate edited their last question: `turn` takes the place of `replaced`."""

    kind: ClassVar[str] = "turn.replaced"
    turn: str
    replaced: str


@register_kind
class EditProposed(Payload):
    """The assistant proposed an edit; nothing is written by this alone.

    Each part has number, path, action, document, version, start, end, line, old, new.
    """

    kind: ClassVar[str] = "edit.proposed"
    turn: str
    edit: str
    summary: str
    parts: list[dict[str, Any]]


@register_kind
class EditDecided(Payload):
    """The candidate decided on parts of an edit, `ms` after it was proposed.

    `conflicts` are parts whose lines had changed: they stay undecided. `texts` holds by
    number what the candidate made of a part before accepting it.
    """

    kind: ClassVar[str] = "edit.decided"
    turn: str
    edit: str
    decision: str
    ms: int
    version: int | None
    accepted: list[int]
    edited: list[int]
    refused: list[int]
    conflicts: list[int]
    texts: dict[str, str]


@register_kind
class EditDecidedV2(EditDecided):
    """The same; `by` says who: the candidate, or the policy, which applies at once."""

    payload_version: ClassVar[int] = 2
    by: Literal["candidate", "policy"]


@register_kind
class EditTakenBack(Payload):
    """The candidate took back `parts` of what the policy applied, `ms` after it was.

    `conflicts` are parts that had changed since: they stay as they are.
    """

    kind: ClassVar[str] = "edit.taken_back"
    turn: str
    edit: str
    ms: int
    parts: list[int]
    conflicts: list[int]


@register_kind
class EditKept(Payload):
    """What was left of an edit at the interview's end.

    `parts` holds by number how many UTF-16 code units a part put in, and how many of
    them were still there.
    """

    kind: ClassVar[str] = "edit.kept"
    turn: str
    edit: str
    parts: dict[str, list[int]]


@register_kind
class QuestionAsked(Payload):
    """The assistant asked the candidate to choose."""

    kind: ClassVar[str] = "question.asked"
    turn: str
    question: str
    text: str
    options: list[str]
    allows_several: bool


@register_kind
class QuestionAnswered(Payload):
    """The candidate chose, or skipped the question, `ms` after it was asked."""

    kind: ClassVar[str] = "question.answered"
    turn: str
    question: str
    answer: list[int]
    is_skipped: bool
    ms: int


@register_kind
class TurnFollowed(Payload):
    """The assistant goes on after the candidate decided what it waited for."""

    kind: ClassVar[str] = "turn.followed"
    turn: str
    conversation: str
    message: str
    follows: str


@register_kind
class PolicyWithheld(Payload):
    """Code was left out of an answer, or a hint (no `turn`): how much, not what."""

    kind: ClassVar[str] = "policy.withheld"
    turn: str | None
    policy: str
    chars: int
    lines: int
    blocks: int


@register_kind
class HintTaken(Payload):
    """The candidate took a hint, `ms` after the section was first opened.

    `number` counts the hints of a section from 1; `source` is problem or model.
    """

    kind: ClassVar[str] = "hint.taken"
    hint: str
    section: int
    number: int
    source: str
    text: str
    ms: int


@register_kind
class ToolCalled(Payload):
    """The model asked for a tool, after `offset` code units of its answer."""

    kind: ClassVar[str] = "tool.called"
    turn: str
    call: str
    step: int
    name: str
    input: dict[str, Any]
    offset: int


@register_kind
class ToolEnded(Payload):
    """A tool gave its result, failed, or was stopped."""

    kind: ClassVar[str] = "tool.ended"
    turn: str
    call: str
    state: str


@register_kind
class TurnPictured(Payload):
    """Pictures went along with a question, in this order."""

    kind: ClassVar[str] = "turn.pictured"
    turn: str
    message: str
    images: list[str]
