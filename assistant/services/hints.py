"""The hint ladder: the problem's own hints first, then a few that a model writes."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from assistant.configuration import Configuration, read_configuration
from assistant.context.files import describe_context, read_files
from assistant.context.system import current_problem, prompt_values
from assistant.context.texts import (
    RULES,
    defuse,
    estimate_tokens,
    file_text,
    run_text,
    text_block,
)
from assistant.enums import HintSource, HintState, ModelPurpose, PromptPurpose
from assistant.errors import (
    AssistantError,
    AssistantOffError,
    HintPendingError,
    NoHintsError,
)
from assistant.events import HintTaken
from assistant.models import HintUse
from assistant.policies.rules import PolicyRules, rules_of
from assistant.providers.parts import ChatRequest
from assistant.services.asking import OneAnswer, SingleCall
from assistant.services.catalogue import choose_model, plan_call
from assistant.services.limits import require_allowance
from assistant.services.metering import HINT, require_chat_budget
from assistant.services.policies import guard_hint, log_withheld
from assistant.services.prompts import choose_prompt, fill_prompt
from assistant.services.request_limits import require_request
from base.clock import now
from interviews.enums import InterviewState, Origin, Policy
from interviews.models import AssessmentSection, Event, Interview, Run
from interviews.services.lifecycle import lock_interview, require_active
from interviews.timeline.kinds import SectionOpened
from interviews.timeline.log import append_event

# A model's hint that takes longer will not come: its process is gone.
LOST_AFTER = timedelta(minutes=3)
HINT_TOKENS = 600
_ASK = "<note>The candidate asks for the next hint.</note>"


@transaction.atomic
def take_hint(
    interview_id: UUID,
    *,
    client_id: str,
    folder: str = "",
    files: Sequence[str] = (),
) -> tuple[HintUse, bool]:
    """Take the next rung of a section; the same `client_id` takes one.

    `folder` names the section, the open one if it names none.

    Returns (hint, is_begun): the problem's own is there at once; a model's is pending,
    and whoever began it has it written (`assistant.turns.hinting`). One that failed is
    begun again under its id. Raises AssistantOffError, NoHintsError, HintPendingError,
    TooManyAsksError, LimitReachedError, NotConfiguredError, BudgetSpentError,
    SpendingStoppedError, and InterviewError when time is up.
    """
    interview = lock_interview(interview_id)
    give_up_lost(interview)
    known = HintUse.objects.filter(interview=interview, client_id=client_id).first()
    if known is not None and known.state != HintState.FAILED:
        return known, False
    require_active(interview)
    rules = rules_of(interview)
    if rules.policy == Policy.OFF:
        raise AssistantOffError
    section = _find_section(interview, folder)
    taken = _taken(interview, section)
    if any(hint.state == HintState.PENDING for hint in taken):
        raise HintPendingError
    own = current_problem(interview, section).hints
    rung = {"section": section, "number": len(taken) + 1}
    if rules.has_hints and len(taken) < len(own):
        return _take_own(interview, client_id, rung, own[len(taken)]), False
    _require_rung(rules, taken)
    return _begin_model_hint(interview, client_id, rung, files), True


def _find_section(interview: Interview, folder: str) -> int:
    """Return the place of the section in this folder, or of the open one."""
    named = AssessmentSection.objects.filter(
        assessment_version=interview.assessment_version_id,
        problem_version__problem__slug=folder,
    )
    position = named.values_list("position", flat=True).first()
    return interview.section if position is None else position


def _taken(interview: Interview, section: int) -> list[HintUse]:
    """Return the rungs of a section that were taken, or are being written."""
    hints = HintUse.objects.filter(interview=interview, section=section)
    return list(hints.exclude(state=HintState.FAILED).order_by("number"))


def _require_rung(rules: PolicyRules, taken: Sequence[HintUse]) -> None:
    if not rules.has_hints:
        raise NoHintsError(_("There are no hints in this interview."))
    if sum(hint.source == HintSource.MODEL for hint in taken) >= rules.hints:
        raise NoHintsError(_("There are no more hints for this problem."))


def _take_own(
    interview: Interview, client_id: str, rung: Mapping[str, int], text: str
) -> HintUse:
    hint, _is_new = HintUse.objects.update_or_create(
        interview=interview,
        client_id=client_id,
        defaults={
            **rung,
            "source": HintSource.PROBLEM,
            "state": HintState.TAKEN,
            "text": text,
            "error_code": "",
            "error_message": "",
            "taken_at": now(),
        },
    )
    log_taken(interview, hint)
    return hint


def _begin_model_hint(
    interview: Interview, client_id: str, rung: Mapping[str, int], files: Sequence[str]
) -> HintUse:
    require_allowance(interview, now())
    require_chat_budget(interview, read_configuration(), purpose=HINT)
    context, _hashes = describe_context(interview, files)
    hint, _is_new = HintUse.objects.update_or_create(
        interview=interview,
        client_id=client_id,
        defaults={
            **rung,
            "source": HintSource.MODEL,
            "state": HintState.PENDING,
            "context": context,
            "prompt_version": choose_prompt(PromptPurpose.HINT, interview),
            "error_code": "",
            "error_message": "",
            "created_at": now(),
        },
    )
    # Last of all: others of the organisation wait for this row.
    require_request(interview.organisation_id)
    return hint


def plan_hint(hint: HintUse) -> tuple[list[Configuration], ChatRequest]:
    """Return who is to write a hint, then who may instead, and what is sent.

    Raises NotConfiguredError.
    """
    interview = hint.interview
    prompt = hint.prompt_version
    given = HintUse.objects.filter(
        interview=interview, section=hint.section, state=HintState.TAKEN
    ).order_by("number")
    values = prompt_values(
        interview,
        hints=[defuse(text) for text in given.values_list("text", flat=True)],
        policy=Policy.HINTS,
        section=hint.section,
    )
    system = fill_prompt(prompt.text if prompt else "", values)
    texts = _describe_work(interview, hint.context)
    chosen = choose_model(
        ModelPurpose.HINT,
        interview,
        size_tokens=estimate_tokens(len(system) + sum(map(len, texts))),
    )
    request = ChatRequest(
        system=[text_block(system), text_block(RULES)],
        messages=[{"role": "user", "content": [text_block(text) for text in texts]}],
        max_tokens=min(HINT_TOKENS, rules_of(interview).output_tokens),
        reference=str(hint.pk),
        is_quick=True,
    )
    return plan_call(chosen), request


def _describe_work(interview: Interview, context: Mapping[str, Any]) -> list[str]:
    """Return the files and the newest test output as a model reads them, and the ask."""
    files = [
        file_text(file.path, file.version, file.text, is_cut=file.is_cut)
        for file in read_files(interview, context)
    ]
    run_id = context.get("run")
    run = Run.objects.filter(pk=run_id).first() if run_id else None
    ran = [run_text(run)] if run is not None else []
    return [*files, *ran, _ASK]


@transaction.atomic
def keep_hint(hint_id: UUID, call: SingleCall, answer: OneAnswer) -> None:
    """Store a model's hint, what it took, and the event. Raises ProviderError.

    It is watched like an answer under the policy `hints`, whatever the policy is: code
    that is too long for that is left out. One that came after it was given up, or with
    the interview's end, is booked and dropped.
    """
    hint = HintUse.objects.select_related("interview").get(pk=hint_id)
    interview = lock_interview(hint.interview_id)
    hint = HintUse.objects.select_for_update().get(pk=hint_id)
    guard = guard_hint(interview)
    text = (guard.take(answer.text) + guard.close()).strip()
    is_usable = bool(text) and answer.stop_reason != "refusal"
    is_wanted = (
        hint.state == HintState.PENDING and interview.state == InterviewState.ACTIVE
    )
    HintUse.objects.filter(pk=hint_id).update(
        text=text if is_usable and is_wanted else "",
        model=answer.model[:100],
        is_simulated=answer.is_simulated,
    )
    hint.refresh_from_db()
    if is_usable and is_wanted:
        hint.state, hint.taken_at = HintState.TAKEN, now()
        hint.save(update_fields=["state", "taken_at"])
        log_taken(interview, hint)
        if guard.is_tripped:
            log_withheld(interview, guard.note)
    elif hint.state == HintState.PENDING:
        _fail(hint_id, "refused", _("The assistant has no hint for this. Try again."))
    # The payer's account is locked last.
    usage = call.settle()
    HintUse.objects.filter(pk=hint_id).update(usage=usage)


def fail_hint(hint_id: UUID, error: AssistantError) -> None:
    """Say why a hint did not come; it may be taken again."""
    _fail(hint_id, error.code, str(error.message))


def _fail(hint_id: UUID, code: str, message: str) -> None:
    HintUse.objects.filter(pk=hint_id, state=HintState.PENDING).update(
        state=HintState.FAILED, error_code=code[:40], error_message=message[:300]
    )


def log_taken(interview: Interview, hint: HintUse) -> None:
    """Write to the timeline that a hint was taken, and how far into its section."""
    opened = Event.objects.filter(
        interview=interview, kind=SectionOpened.kind, payload__section=hint.section
    )
    first = opened.order_by("seq").values_list("at", flat=True).first()
    since = first or interview.started_at or hint.created_at
    append_event(
        interview,
        HintTaken(
            hint=str(hint.pk),
            section=hint.section,
            number=hint.number,
            source=hint.source,
            text=hint.text,
            ms=max(0, int((now() - since).total_seconds() * 1000)),
        ),
        origin=Origin.CANDIDATE,
    )


def give_up_lost(interview: Interview) -> None:
    """Let go of hints whose process did not live to write them."""
    HintUse.objects.filter(
        interview=interview,
        state=HintState.PENDING,
        created_at__lt=now() - LOST_AFTER,
    ).update(
        state=HintState.FAILED,
        error_code="interrupted",
        error_message=str(_("The hint was interrupted on our side. Take it again.")),
    )


def describe_ladder(interview: Interview) -> dict[str, Any] | None:
    """Return the hints of every section as pages get them; None where there are none.

    `own_left` and `model_left` count the rungs that can still be taken.
    """
    rules = rules_of(interview)
    if not rules.has_hints:
        return None
    hints = HintUse.objects.filter(interview=interview).order_by("section", "number")
    by_section: dict[int, list[HintUse]] = {}
    for hint in hints:
        by_section.setdefault(hint.section, []).append(hint)
    sections = AssessmentSection.objects.filter(
        assessment_version=interview.assessment_version_id
    ).select_related("problem_version__problem")
    return {
        "section": interview.section,
        "sections": [
            _describe_section(
                section.folder,
                section.problem_version.hints,
                by_section.get(position, []),
                rules,
            )
            for position, section in enumerate(sections.order_by("position"))
        ],
    }


def _describe_section(
    folder: str, own: Sequence[str], hints: Sequence[HintUse], rules: PolicyRules
) -> dict[str, Any]:
    stand = [hint for hint in hints if hint.state != HintState.FAILED]
    by_model = sum(hint.source == HintSource.MODEL for hint in stand)
    last = max(hints, key=lambda hint: hint.created_at, default=None)
    has_failed = last is not None and last.state == HintState.FAILED
    return {
        "folder": folder,
        "own_left": max(0, len(own) - len(stand)),
        "model_left": max(0, rules.hints - by_model),
        "is_pending": any(
            hint.state == HintState.PENDING and not _is_lost(hint) for hint in stand
        ),
        "problem": last.error_message if last is not None and has_failed else "",
        "taken": [hint_frame(hint) for hint in stand if hint.state == HintState.TAKEN],
    }


def _is_lost(hint: HintUse) -> bool:
    return hint.created_at < now() - LOST_AFTER


def list_hints(interview: Interview) -> list[HintUse]:
    """Return the hints that were taken, by section and number."""
    hints = HintUse.objects.filter(interview=interview, state=HintState.TAKEN)
    return list(hints.order_by("section", "number"))


def hint_frame(hint: HintUse) -> dict[str, Any]:
    """Return a hint as pages get it."""
    return {
        "id": str(hint.pk),
        "number": hint.number,
        "source": hint.source,
        "text": hint.text,
        "simulated": hint.is_simulated,
        "created_at": hint.created_at.isoformat(),
    }
