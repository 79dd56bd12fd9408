"""The conversation as the desk shows it: said, looked up, run, left out, decided."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils.safestring import SafeString

from assistant.decided import Item, read_decisions
from assistant.enums import MessageRole, ToolCallState
from assistant.events import HintTaken, PolicyWithheld
from assistant.models import HintUse, Message, ToolCall
from assistant.selectors import conversation_messages
from assistant.services.hints import list_hints
from assistant.tools.catalogue import name_call
from assistant.tools.output import truncate
from base.text import utf16_length, utf16_slice
from interviewlm.review.made_by import MadeBy, read_answers
from interviews.markdown import render_markdown
from interviews.models import Interview
from interviews.selectors.review import event_time, format_clock

SHOWN_CHARS = 4_000
_TONES = {ToolCallState.FAILED: "danger", ToolCallState.RUNNING: "busy"}


@dataclass(frozen=True)
class ToolUse:
    """One call of a tool: what it was for, and what the model was told of it."""

    call: ToolCall
    title: str
    time: str
    t_ms: int | None
    seconds: float | None
    output: str

    @property
    def tone(self) -> str:
        """The mark beside its state; most have none."""
        return _TONES.get(ToolCallState(self.call.state), "")


@dataclass(frozen=True)
class AnswerPart:
    """A piece of an answer's text as cleaned Markdown, or a tool used there."""

    html: SafeString | None = None
    tool: ToolUse | None = None


@dataclass(frozen=True)
class Withheld:
    """How much code the policy kept back."""

    lines: int = 0
    chars: int = 0

    def __add__(self, other: "Withheld") -> "Withheld":
        return Withheld(self.lines + other.lines, self.chars + other.chars)


@dataclass(frozen=True)
class ChatLine:
    """One message; a question is plain text, an answer has parts."""

    message: Message
    time: str
    t_ms: int | None
    parts: Sequence[AnswerPart] = ()
    made_by: MadeBy | None = None
    withheld: Withheld | None = None
    decisions: Sequence[Item] = ()

    @property
    def is_answer(self) -> bool:
        """Whether the assistant said it."""
        return bool(self.message.role == MessageRole.ASSISTANT)


@dataclass(frozen=True)
class HintLine:
    """A hint that was taken, `since_ms` after its problem was first opened."""

    hint: HintUse
    html: SafeString
    time: str
    t_ms: int | None
    since: str
    withheld: Withheld | None


def read_chat(interview: Interview) -> list[ChatLine]:
    """Return every message in the order it was said, with all that belongs to it."""
    made = read_answers(interview)
    left = read_decisions(interview)
    tools = _read_tools(interview)
    withheld = _read_withheld(interview)
    lines = []
    for message in conversation_messages(interview):
        t_ms = event_time(interview, None, message.created_at)
        line = ChatLine(message, format_clock(t_ms), t_ms)
        turn = message.turn_id
        if line.is_answer:
            line = replace(
                line,
                parts=list(_split(message.text, tools.get(turn, ()))),
                made_by=_made_by(message, made.get(turn)),
                withheld=withheld.get(turn),
                decisions=left.get(turn, ()),
            )
        lines.append(line)
    return lines


def _made_by(message: Message, known: MadeBy | None) -> MadeBy | None:
    """Return who made an answer; the message's own word for the model counts."""
    if known is None:
        return None
    return replace(known, model=message.model or known.model)


def _read_tools(interview: Interview) -> Mapping[UUID, list[ToolUse]]:
    calls = ToolCall.objects.filter(turn__conversation__interview=interview)
    found: dict[UUID, list[ToolUse]] = defaultdict(list)
    for call in calls.select_related("result").order_by("step", "number"):
        found[call.turn_id].append(_describe_call(interview, call))
    return found


def _describe_call(interview: Interview, call: ToolCall) -> ToolUse:
    t_ms = event_time(interview, None, call.started_at)
    ended = call.ended_at
    return ToolUse(
        call=call,
        title=name_call(call.name, call.input),
        time=format_clock(t_ms),
        t_ms=t_ms,
        seconds=None if ended is None else (ended - call.started_at).total_seconds(),
        output=_output(call),
    )


def _output(call: ToolCall) -> str:
    """Return what the model was told, its middle left out where it is long."""
    if call.result is None:
        return ""
    return truncate(str(json.loads(call.result.content)["content"]), SHOWN_CHARS)


def _split(text: str, tools: Sequence[ToolUse]) -> Iterator[AnswerPart]:
    """Yield text and tools in the order in which they were read."""
    at, length = 0, utf16_length(text)
    for tool in tools:
        place = min(tool.call.offset, length)
        if place > at:
            yield from _text(utf16_slice(text, at, place))
            at = place
        yield AnswerPart(tool=tool)
    yield from _text(utf16_slice(text, at))


def _text(text: str) -> Iterator[AnswerPart]:
    if text.strip():
        yield AnswerPart(html=render_markdown(text))


def _read_withheld(interview: Interview) -> Mapping[UUID, Withheld]:
    """Return what was kept back of each turn's answer."""
    found: dict[UUID, Withheld] = defaultdict(Withheld)
    events = interview.events.filter(kind=PolicyWithheld.kind)
    for payload in events.values_list("payload", flat=True):
        if payload["turn"]:
            found[UUID(payload["turn"])] += _withheld(payload)
    return found


def _withheld(payload: Mapping[str, int]) -> Withheld:
    return Withheld(payload["lines"], payload["chars"])


def read_hints(interview: Interview) -> list[HintLine]:
    """Return the hints that were taken, by problem and number."""
    taken, withheld = _read_hint_events(interview)
    lines = []
    for hint in list_hints(interview):
        name = str(hint.pk)
        at = hint.taken_at or hint.created_at
        t_ms = event_time(interview, None, at)
        lines.append(
            HintLine(
                hint=hint,
                html=render_markdown(hint.text),
                time=format_clock(t_ms),
                t_ms=t_ms,
                since=format_clock(taken[name]) if name in taken else "",
                withheld=withheld.get(name),
            )
        )
    return lines


def _read_hint_events(
    interview: Interview,
) -> tuple[Mapping[str, int], Mapping[str, Withheld]]:
    """Return, by hint, how far into its problem it was taken, and what it lacks.

    What is kept back of a hint is written right behind the hint itself.
    """
    taken: dict[str, int] = {}
    withheld: dict[str, Withheld] = {}
    last = ""
    events = interview.events.filter(kind__in=(HintTaken.kind, PolicyWithheld.kind))
    rows = events.order_by("seq").values_list("kind", "payload")
    for kind, payload in rows:
        if kind == HintTaken.kind:
            last = payload["hint"]
            taken[last] = payload["ms"]
        elif last and not payload["turn"]:
            withheld[last] = _withheld(payload)
    return taken, withheld
