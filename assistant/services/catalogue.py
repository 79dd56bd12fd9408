"""Models: what we ship into the table, and which one answers whom."""

from dataclasses import dataclass, replace
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
from assistant.providers.key_health import choose_key
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
        content = facts.model_dump_json()
        digest = sha256(content.encode()).hexdigest()
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
    choice = _find_choice(purpose, interview)
    name = choice.model
    if name == AUTO:
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
    choices = ModelChoice.objects.filter(
        assessment_version=interview.assessment_version_id, purpose=purpose
    ).order_by("cohort")
    own = choices.filter(created_at__lte=interview.created_at).last()
    return own or choices.first()


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


def plan_turn(turn_id: UUID) -> list[Configuration]:
    """Return who is to answer a turn, then who may where that fails; never none.

    Raises NotConfiguredError.
    """
    interview = Interview.objects.select_related("assessment_version").get(
        conversations__turns=turn_id
    )
    size, kind = measure_turn(turn_id)
    chosen = choose_model(ModelPurpose.CHAT, interview, size_tokens=size, kind=kind)
    return plan_call(_settle(turn_id, chosen), key_label=_last_key(turn_id))


def _last_key(turn_id: UUID) -> str:
    """Return the label of the key a conversation was last answered with.

    Its prompt cache is with that key's account: keys take turns between conversations.
    """
    calls = ModelCall.objects.filter(turn__conversation__turns=turn_id, error_code="")
    return calls.order_by("-pk").values_list("key_label", flat=True).first() or ""


def _settle(turn_id: UUID, chosen: ChosenModel) -> ChosenModel:
    """Stay with the model of the conversation's epoch where “auto” would go below it.

    Going back and forth would lose the prompt cache each time.
    """
    epochs = ContextEpoch.objects.filter(conversation__turns=turn_id)
    held = epochs.order_by("number").values_list("model", flat=True).last()
    rows = [row.model for row in read_catalogue().auto]
    if not chosen.is_auto or held not in rows:
        return chosen
    if rows.index(held) <= rows.index(chosen.name):
        return chosen
    return replace(chosen, name=held, facts=find_facts(held))


def plan_call(chosen: ChosenModel, *, key_label: str = "") -> list[Configuration]:
    """Return the ways to a model and to those that stand in for it.

    They go by the key that is named, as long as it does not rest, else by the one
    whose turn it is.
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
    # The key is chosen here, so that the call is booked under it from the start.
    return [choose_key(each, prefer=key_label).target or each for each in targets]


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
