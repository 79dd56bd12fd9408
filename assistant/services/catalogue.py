"""Models: what we ship into the table, and which one answers whom."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Sum
from django.db.models.functions import Length

from accounts.models import User
from accounts.services.audit import record_audit
from assistant.catalogue import (
    AUTO,
    SHIPPED,
    Kind,
    ModelFacts,
    read_catalogue,
    route,
    shipped_facts,
)
from assistant.configuration import Configuration, aim, read_configuration
from assistant.context.texts import estimate_tokens
from assistant.enums import MessageRole, ModelPurpose
from assistant.models import (
    ContextEpoch,
    ModelAssignment,
    ModelCall,
    ModelChoice,
    ModelVersion,
    Turn,
)
from assistant.providers.key_health import choose_key, keys_of
from interviews.models import AssessmentVersion, DocumentVersion, Interview


@dataclass(frozen=True)
class ChosenModel:
    """The model for a call: its name, what is known of it, and why it.

    `cohort` counts from 1; `is_auto` says that the next turn may go elsewhere.
    """

    name: str
    facts: ModelFacts
    cohort: int
    is_auto: bool = False


@transaction.atomic
def import_shipped_models(path: Path = SHIPPED) -> int:
    """Add versions of models that were never shipped to this table; return how many.

    What an operator wrote meanwhile stays in force unless what we ship has changed.
    """
    added = 0
    for facts in read_catalogue(path).model:
        digest = sha256(facts.spell().encode()).hexdigest()
        if ModelVersion.objects.filter(name=facts.name, digest=digest).exists():
            continue
        add_version(facts, digest=digest, note="shipped")
        added += 1
    return added


@transaction.atomic
def add_version(facts: ModelFacts, *, digest: str = "", note: str = "") -> ModelVersion:
    """Write what is known of a model from now on, as its next version."""
    versions = ModelVersion.objects.filter(name=facts.name)
    newest = versions.aggregate(newest=Max("number"))["newest"] or 0
    return ModelVersion.objects.create(
        name=facts.name,
        number=newest + 1,
        facts=facts.model_dump(mode="json", exclude={"name"}),
        digest=digest,
        note=note,
    )


def find_facts(name: str) -> ModelFacts:
    """Return what is known of a model, at least what we ship."""
    version = ModelVersion.objects.filter(name=name).order_by("-number").first()
    return shipped_facts(name) if version is None else version.read_facts()


def assigned_model(purpose: str) -> str:
    """Return the model that new cohorts get for a purpose."""
    newest = ModelAssignment.objects.filter(purpose=purpose).first()
    if newest is not None:
        return newest.model
    if purpose == ModelPurpose.SCORE:
        return str(settings.ANTHROPIC_SCORE_MODEL)
    return str(settings.ANTHROPIC_MODEL)


def choose_model(
    purpose: str, interview: Interview, *, size_tokens: int = 0, kind: Kind = "talk"
) -> ChosenModel:
    """Return the model of an interview's cohort; the first call fixes it.

    Where that is “auto”, the turn decides, by its size and kind.
    """
    return _choose(_find_choice(purpose, interview), lambda: (size_tokens, kind))


def _choose(
    choice: ModelChoice, measure: Callable[[], tuple[int, Kind]]
) -> ChosenModel:
    name = choice.model
    if name == AUTO:
        size_tokens, kind = measure()
        name = route(read_catalogue().auto, kind=kind, size_tokens=size_tokens)
    return ChosenModel(
        name, find_facts(name), choice.cohort, is_auto=choice.model == AUTO
    )


def expected_models(purpose: str, interview: Interview) -> list[str]:
    """Return the models that may answer an interview, without fixing one for it."""
    choice = _own_choice(purpose, interview)
    name = assigned_model(purpose) if choice is None else choice.model
    if name == AUTO:
        return [row.model for row in read_catalogue().auto]
    return [name]


def _find_choice(purpose: str, interview: Interview) -> ModelChoice:
    return _own_choice(purpose, interview) or _open_first(purpose, interview)


def _own_choice(purpose: str, interview: Interview) -> ModelChoice | None:
    choices = list(
        ModelChoice.objects.filter(
            assessment_version=interview.assessment_version_id, purpose=purpose
        ).order_by("cohort")
    )
    own = [each for each in choices if each.created_at <= interview.created_at]
    return own[-1] if own else next(iter(choices), None)


def _open_first(purpose: str, interview: Interview) -> ModelChoice:
    choice, _is_new = ModelChoice.objects.get_or_create(
        assessment_version_id=interview.assessment_version_id,
        purpose=purpose,
        cohort=1,
        defaults={"model": assigned_model(purpose)},
    )
    return choice


@transaction.atomic
def open_cohort(
    version: AssessmentVersion,
    *,
    purpose: str,
    model: str,
    actor: User | None,
) -> ModelChoice:
    """Give an assessment another model, for interviews made from now on.

    Those that are there keep theirs. Naming the model in use changes nothing.
    """
    AssessmentVersion.objects.select_for_update().get(pk=version.pk)
    choices = ModelChoice.objects.filter(assessment_version=version, purpose=purpose)
    newest = choices.order_by("cohort").last()
    if newest is None:
        newest = ModelChoice.objects.create(
            assessment_version=version,
            purpose=purpose,
            cohort=1,
            model=assigned_model(purpose),
        )
    if newest.model == model:
        return newest
    choice = ModelChoice.objects.create(
        assessment_version=version,
        purpose=purpose,
        cohort=newest.cohort + 1,
        model=model,
    )
    record_audit(
        actor,
        version.assessment.organisation,
        "model.cohort_opened",
        choice,
        {"purpose": purpose, "model": model, "cohort": choice.cohort},
    )
    return choice


def plan_turn(turn: Turn) -> list[Configuration]:
    """Return who is to answer a turn, then who may where that fails; never none.

    Raises NotConfiguredError.
    """
    choice = _find_choice(ModelPurpose.CHAT, turn.conversation.interview)
    chosen = _choose(choice, partial(measure_turn, turn.pk))
    return plan_call(_settle(turn, chosen), last_key=partial(_last_key, turn))


def _last_key(turn: Turn) -> str:
    """Return the label of the key a conversation was last answered with.

    Its prompt cache is with that key's account: keys take turns between conversations.
    """
    calls = ModelCall.objects.filter(
        turn__conversation=turn.conversation_id, error_code=""
    )
    return calls.order_by("-pk").values_list("key_label", flat=True).first() or ""


def _settle(turn: Turn, chosen: ChosenModel) -> ChosenModel:
    """Stay with the model of the conversation's epoch where “auto” would go below it.

    Going back and forth would lose the prompt cache each time.
    """
    if not chosen.is_auto:
        return chosen
    epochs = ContextEpoch.objects.filter(conversation=turn.conversation_id)
    held = epochs.order_by("number").values_list("model", flat=True).last()
    rows = [row.model for row in read_catalogue().auto]
    if held not in rows:
        return chosen
    if rows.index(held) <= rows.index(chosen.name):
        return chosen
    return replace(chosen, name=held, facts=find_facts(held))


def plan_call(
    chosen: ChosenModel, *, last_key: Callable[[], str] | None = None
) -> list[Configuration]:
    """Return the ways to a model and to those that stand in for it.

    They go by the key that `last_key` names, as long as it does not rest, else by the
    one whose turn it is. It is asked where there are several.
    """
    configuration = read_configuration()
    names = [chosen.name, *settings.ASSISTANT_FALLBACK_MODELS]
    aimed = [(name, aim(configuration, name)) for name in dict.fromkeys(names)]
    targets = [
        replace(target, facts=chosen.facts if name == chosen.name else find_facts(name))
        for name, target in aimed
        if target is not None
    ]
    targets = targets or [configuration]
    has_several = any(len(keys_of(each)) > 1 for each in targets)
    label = last_key() if last_key is not None and has_several else ""
    # The key is chosen here, so that the call is booked under it from the start.
    return [choose_key(each, prefer=label).target or each for each in targets]


def plan_score(interview: Interview) -> list[Configuration]:
    """Return the judge of an interview, then who stands in for it; never none.

    Scores of one cohort come from one model: where another one stood in, the score
    run says so, and so does the review desk. Raises NotConfiguredError.
    """
    return plan_call(choose_model(ModelPurpose.SCORE, interview))


def measure_turn(turn_id: UUID) -> tuple[int, Kind]:
    """Return the size of a conversation with its newest question, and its kind."""
    turn = Turn.objects.get(pk=turn_id)
    question = turn.messages.filter(role=MessageRole.USER).first()
    files = [] if question is None else question.context.get("files", [])
    sent = DocumentVersion.objects.filter(
        interview__conversations__turns=turn_id,
        hash__in=[file["hash"] for file in files],
    ).aggregate(characters=Sum(Length("text")))
    texts = Turn.objects.filter(
        conversation=turn.conversation_id, created_at__lte=turn.created_at
    ).values_list("messages__text", flat=True)
    characters = sum(len(text or "") for text in texts) + (sent["characters"] or 0)
    return estimate_tokens(characters), "code" if files else "talk"
