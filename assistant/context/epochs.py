"""What a question adds to its epoch, and when a new epoch begins."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from assistant.context.files import SentFile, read_files, read_texts, renamed_to
from assistant.context.replaced import replaced_note
from assistant.context.store import Draft, append_items
from assistant.context.texts import (
    BRIEF,
    CUT_OFF,
    ENDED_HERE,
    GO_ON,
    UNANSWERED,
    change_text,
    decision_text,
    estimate_tokens,
    file_text,
    gone_text,
    message_text,
    run_text,
    text_block,
)
from assistant.enums import ContextKind, EpochReason, MessageRole, TurnState
from assistant.models import ContextEpoch, ContextItem, Message, Turn
from base.statements import insert_row
from billing.models import Usage
from interviews.models import Document, Interview, Run

# After these the same words would be refused again.
_REFUSED_CODES = ("invalid_request_error", "request_too_large", "context_exceeded")
# This one is answered by a new epoch at once.
_ANSWERED_CODES = ("context_exceeded",)
_REFUSED_REASONS = ("refusal", "model_context_window_exceeded")
PARKED = "parked"
_TOLD_RUNS = (ContextKind.RUN, ContextKind.RESULT)
_WHOLE_REASONS = ("end_turn", "stop_sequence", PARKED)


@dataclass(frozen=True)
class Question:
    """A turn about to be sent, with what it may be sent under.

    `decisions` are what the candidate decided since, told now; `images` are blocks.
    """

    turn: Turn
    message: Message
    interview: Interview
    is_tight: bool
    decisions: Sequence[str] = ()
    images: Sequence[Mapping[str, Any]] = ()


def find_epoch(turn: Turn) -> ContextEpoch | None:
    """Return the newest epoch of the turn's conversation."""
    return (
        ContextEpoch.objects.select_related("system", "tools")
        .filter(conversation=turn.conversation_id)
        .order_by("number")
        .last()
    )


def why_new_epoch(
    epoch: ContextEpoch | None, *, system_key: int, tools_key: int | None, model: str
) -> EpochReason | None:
    """Say why the epoch can not go on, as far as its size has no part in it."""
    if epoch is None:
        return EpochReason.FIRST
    if epoch.model != model:
        return EpochReason.MODEL
    if epoch.system_id != system_key:
        return EpochReason.SYSTEM
    if epoch.tools_id != tools_key:
        return EpochReason.TOOLS
    last = epoch.requests.select_related("turn__conversation").order_by("length").last()
    return EpochReason.REFUSED if last and _was_refused(last.turn) else None


def _was_refused(turn: Turn) -> bool:
    """Say whether a turn was refused as it was sent, even if it was answered then.

    What was answered in the end had less in it, and its thinking is bound to that.
    """
    if turn.error_code in _REFUSED_CODES:
        return True
    answers = turn.messages.filter(role=MessageRole.ASSISTANT)
    if answers.filter(stop_reason__in=_REFUSED_REASONS).exists():
        return True
    return Usage.objects.filter(
        reference=str(turn.conversation.interview_id),
        labels__turn=str(turn.pk),
        error_code__in=set(_REFUSED_CODES) - set(_ANSWERED_CODES),
    ).exists()


def start_epoch(
    question: Question,
    *,
    before: ContextEpoch | None,
    reason: EpochReason,
    system_key: int,
    tools_key: int | None,
    model: str,
) -> ContextEpoch:
    """Begin an epoch with the newest exchanges; `before` is the newest one so far.

    Files, old thinking, and what tools gave are left behind.
    """
    interview_id = question.interview.pk
    tail = _tail_drafts(question)
    epoch = ContextEpoch(
        conversation_id=question.turn.conversation_id,
        number=1 if before is None else before.number + 1,
        reason=reason,
        model=model,
        system_id=system_key,
        tools_id=tools_key,
        kept=len(tail),
    )
    insert_row(epoch)
    append_items(epoch, interview_id, tail, start=0)
    return epoch


def _tail_drafts(question: Question) -> list[Draft]:
    """Return the newest whole exchanges that fit, oldest first."""
    limit = "history_tokens_tight" if question.is_tight else "history_tokens"
    budget = settings.LIMITS[limit]
    tail: list[Draft] = []
    for user, answer in _exchanges(question.turn):
        drafts = [
            _user(user.turn, ContextKind.MESSAGE, _question_text(user.text)),
            Draft(
                answer.turn_id,
                MessageRole.ASSISTANT,
                ContextKind.ANSWER,
                text_block(answer.text),
            ),
        ]
        if tail and _is_cut_off(answer):
            drafts.append(_user(answer.turn, ContextKind.NOTE, CUT_OFF))
        budget -= sum(estimate_tokens(len(str(d.block["text"]))) for d in drafts)
        if budget < 0:
            break
        tail = drafts + tail
    return tail


def _question_text(text: str) -> str:
    return message_text(text) if text.strip() else GO_ON


def _exchanges(turn: Turn) -> Iterator[tuple[Message, Message]]:
    """Yield earlier questions with answers that have words, the newest first."""
    earlier = (
        Message.objects.filter(
            turn__conversation_id=turn.conversation_id,
            turn__created_at__lt=turn.created_at,
        )
        .select_related("turn")
        .order_by("-turn__created_at", "-role")
    )[: settings.LIMITS["history_messages"]]
    pairs: dict[object, dict[str, Message]] = {}
    for message in earlier:
        pairs.setdefault(message.turn_id, {})[message.role] = message
    for pair in pairs.values():
        user, answer = pair.get(MessageRole.USER), pair.get(MessageRole.ASSISTANT)
        if user is None or answer is None or not answer.text.strip():
            continue
        if answer.stop_reason not in _REFUSED_REASONS:
            yield user, answer


def _is_cut_off(answer: Message) -> bool:
    is_finished = answer.turn.state == TurnState.FINISHED
    return not is_finished or answer.stop_reason not in _WHOLE_REASONS


def append_question(
    epoch: ContextEpoch, question: Question, *, has_items: bool = True
) -> int:
    """Add what the model does not know yet, and the question; return the new length."""
    # One that was just begun with nothing has nothing to be read.
    items = list(epoch.items.order_by("position")) if has_items else []
    drafts = [
        *_last_ending(items, question.turn),
        *_file_drafts(items, question),
        *_run_drafts(items, question),
        *_replacing(epoch, question.turn),
        *_decisions(question),
        *_words(question),
    ]
    start = items[-1].position + 1 if items else 0
    return append_items(epoch, question.interview.pk, drafts, start=start)


def _user(
    turn: Turn, kind: ContextKind, text: str, path: str = "", known: str = ""
) -> Draft:
    return Draft(turn.pk, MessageRole.USER, kind, text_block(text), path, known)


def _last_ending(items: Sequence[ContextItem], turn: Turn) -> Iterator[Draft]:
    """Say what became of the last question, where that does not show."""
    if not items:
        return
    answer = (
        Message.objects.select_related("turn")
        .filter(turn=items[-1].turn_id, role=MessageRole.ASSISTANT)
        .first()
    )
    if answer is not None and answer.stop_reason == PARKED:
        return
    if items[-1].role == MessageRole.USER:
        has_worked = _has_worked(items)
        yield _user(turn, ContextKind.NOTE, ENDED_HERE if has_worked else UNANSWERED)
        return
    if answer is None:
        return
    if _is_cut_off(answer):
        yield _user(turn, ContextKind.NOTE, CUT_OFF)


def _has_worked(items: Sequence[ContextItem]) -> bool:
    """Say whether the last answer got as far as the result of a tool."""
    last = [item for item in items if item.turn_id == items[-1].turn_id]
    return any(item.kind == ContextKind.RESULT for item in last)


def _replacing(epoch: ContextEpoch, turn: Turn) -> Iterator[Draft]:
    note = replaced_note(turn, epoch)
    if note:
        yield _user(turn, ContextKind.NOTE, note)


def _decisions(question: Question) -> Iterator[Draft]:
    for text in question.decisions:
        yield _user(question.turn, ContextKind.DECISION, decision_text(text))


def _known_files(items: Sequence[ContextItem]) -> dict[str, str]:
    """Return path to hash of every file the model knows in this epoch."""
    known: dict[str, str] = {}
    for item in items:
        if item.kind in (ContextKind.FILE, ContextKind.CHANGE):
            known[item.path] = item.hash
        elif item.kind == ContextKind.GONE:
            known.pop(item.path, None)
    return known


def _file_drafts(items: Sequence[ContextItem], question: Question) -> Iterator[Draft]:
    known = _known_files(items)
    interview = question.interview
    files = read_files(interview, question.message.context)
    missing = set(known) - {file.path for file in files}
    there = Document.objects.filter(interview=interview, path__in=missing)
    for path in sorted(missing - set(there.values_list("path", flat=True))):
        to = renamed_to(interview, path)
        text = gone_text(path, to)
        yield _user(question.turn, ContextKind.GONE, text, path, known[path])
        if to:
            known.setdefault(to, known[path])
    texts = read_texts(interview, set(known.values()))
    for file in files:
        if known.get(file.path) != file.hash:
            yield _file_draft(question.turn, file, texts.get(known.get(file.path, "")))


def _file_draft(turn: Turn, file: SentFile, before: str | None) -> Draft:
    """Return the changes since `before`, or the file where those are no shorter."""
    changes = (
        None
        if before is None
        else change_text(file.path, file.version, before, file.text, is_cut=file.is_cut)
    )
    if changes is not None:
        return _user(turn, ContextKind.CHANGE, changes, file.path, file.hash)
    whole = file_text(file.path, file.version, file.text, is_cut=file.is_cut)
    return _user(turn, ContextKind.FILE, whole, file.path, file.hash)


def _run_drafts(items: Sequence[ContextItem], question: Question) -> Iterator[Draft]:
    run_id = question.message.context.get("run")
    sent = {item.path for item in items if item.kind in _TOLD_RUNS}
    if run_id is None or run_id in sent:
        return
    run = Run.objects.filter(pk=run_id, interview=question.interview).first()
    if run is not None:
        yield _user(question.turn, ContextKind.RUN, run_text(run), run_id)


def _words(question: Question) -> Iterator[Draft]:
    files = question.message.context.get("files", [])
    active = files[0]["path"] if files else ""
    turn = question.turn
    for block in question.images:
        yield Draft(turn.pk, MessageRole.USER, ContextKind.IMAGE, block)
    if question.message.text.strip():
        text = message_text(question.message.text, active)
        yield _user(turn, ContextKind.MESSAGE, text)
    else:
        # The candidate decided, and said nothing.
        yield _user(turn, ContextKind.NOTE, GO_ON)
    if question.is_tight:
        yield _user(question.turn, ContextKind.NOTE, BRIEF)
