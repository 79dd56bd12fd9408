"""What keeps an answer within its policy: the guard it gets, and what it held back."""

from uuid import UUID

from assistant.enums import MessageRole
from assistant.events import PolicyWithheld
from assistant.models import Message, Turn
from assistant.policies.code_lines import CodeSize
from assistant.turns.guard import (
    OutputGuard,
    Withheld,
    make_guard,
    measure_answers,
)
from interviews.enums import Origin, Policy
from interviews.models import DocumentVersion, Interview
from interviews.timeline.log import append_event


def guard_turn(turn: Turn) -> OutputGuard:
    """Return what watches the answer to a turn.

    It knows the code that earlier answers showed, and the lines that the candidate
    sent along, which may be quoted.
    """
    interview = turn.conversation.interview
    policy = interview.assessment_version.policy
    if policy != Policy.HINTS:
        return make_guard(policy)
    return make_guard(
        policy, earlier=_earlier_code(interview), known=_known_lines(turn.pk, interview)
    )


def guard_hint(interview: Interview) -> OutputGuard:
    """Return what watches a hint: short under every policy."""
    return make_guard(Policy.HINTS, earlier=_earlier_code(interview))


def _earlier_code(interview: Interview) -> CodeSize:
    said = Message.objects.filter(
        turn__conversation__interview=interview, role=MessageRole.ASSISTANT
    )
    return measure_answers(said.values_list("text", flat=True))


def _known_lines(turn_id: UUID, interview: Interview) -> set[str]:
    """Return the lines of the question and of the files that came with it."""
    question = Message.objects.filter(turn=turn_id, role=MessageRole.USER).first()
    if question is None:
        return set()
    hashes = [file["hash"] for file in question.context.get("files", [])]
    texts = DocumentVersion.objects.filter(
        interview=interview, hash__in=hashes
    ).values_list("text", flat=True)
    return {line for text in (*texts, question.text) for line in text.splitlines()}


def record_withheld(turn_id: UUID, note: Withheld) -> None:
    """Write that a part of an answer was held back: its size, never its words."""
    turn = Turn.objects.select_related("conversation__interview").get(pk=turn_id)
    log_withheld(turn.conversation.interview, note, turn_id=turn_id)


def log_withheld(
    interview: Interview, note: Withheld, *, turn_id: UUID | None = None
) -> None:
    """Write the same of a turn's answer, or of a hint."""
    append_event(
        interview,
        PolicyWithheld(
            turn=str(turn_id) if turn_id else None,
            policy=Policy.HINTS,
            chars=note.chars,
            lines=note.lines,
            blocks=note.blocks,
        ),
        origin=Origin.SYSTEM,
    )
