"""Which wording of a running experiment an interview gets, once and for good."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from assistant.enums import ExperimentState
from assistant.models import (
    HintUse,
    PromptAssignment,
    PromptExperiment,
    PromptVariant,
    PromptVersion,
    ScoreRun,
    Turn,
)
from interviews.models import Interview


def running_experiment(purpose: str) -> PromptExperiment | None:
    """Return the experiment that runs with the prompt of a purpose."""
    return PromptExperiment.objects.filter(
        prompt__purpose=purpose, state=ExperimentState.RUNNING
    ).first()


def choose_variant(experiment: PromptExperiment, interview: Interview) -> PromptVersion:
    """Return the interview's wording, assigning one at its first use.

    An interview that used the prompt before the experiment started keeps what it had
    last: its conversation stays with one wording, and out of the result. Two
    processes that choose at once agree: the choice follows from the two ids, and the
    row of whoever came first is read by the other.
    """
    assigned = (
        PromptAssignment.objects.filter(experiment=experiment, interview=interview)
        .select_related("variant__version__prompt")
        .first()
    )
    if assigned is not None:
        return assigned.variant.version
    kept = _last_used(experiment, interview)
    if kept is not None:
        return kept
    variants = list(experiment.variants.select_related("version__prompt"))
    variant = pick_variant(experiment.pk, interview.pk, variants)
    assigned, _is_new = PromptAssignment.objects.get_or_create(
        experiment=experiment, interview=interview, defaults={"variant": variant}
    )
    if assigned.variant_id == variant.pk:
        return variant.version
    return PromptVersion.objects.select_related("prompt").get(
        pk=assigned.variant.version_id
    )


def pick_variant(
    experiment_id: int, interview_id: UUID, variants: Sequence[PromptVariant]
) -> PromptVariant:
    """Return the variant that a hash of both ids falls on, by weight, in order.

    At least one weight is above zero.
    """
    digest = sha256(f"{experiment_id}:{interview_id}".encode()).digest()
    total = sum(variant.weight for variant in variants)
    point = int.from_bytes(digest[:8], "big") * total >> 64
    for variant in variants:
        if point < variant.weight:
            return variant
        point -= variant.weight
    raise ValueError("Every weight is zero.")


def _last_used(
    experiment: PromptExperiment, interview: Interview
) -> PromptVersion | None:
    """Return the wording of the interview's last call before the experiment started."""
    before = {
        "prompt_version__prompt_id": experiment.prompt_id,
        "created_at__lt": experiment.started_at,
    }
    turn = (
        Turn.objects.filter(conversation__interview=interview, **before)
        .select_related("prompt_version__prompt")
        .order_by("-created_at")
        .first()
    )
    if turn is not None:
        return turn.prompt_version
    hint = (
        HintUse.objects.filter(interview=interview, **before)
        .select_related("prompt_version__prompt")
        .order_by("-created_at")
        .first()
    )
    if hint is not None:
        return hint.prompt_version
    run = (
        ScoreRun.objects.filter(interview=interview, **before)
        .select_related("prompt_version__prompt")
        .order_by("-created_at")
        .first()
    )
    return run.prompt_version if run else None
