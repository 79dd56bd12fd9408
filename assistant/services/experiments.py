"""Experiments: set up, started once, weighed anew, stopped with or without a winner."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.access import Person
from assistant.enums import ActivationKind, ExperimentState
from assistant.errors import ExperimentError
from assistant.models import Prompt, PromptExperiment, PromptVariant, PromptVersion
from assistant.models.experiments import MAX_WEIGHT
from assistant.services.activation import (
    activate_prompt,
    freeze_version,
    tell_everybody,
)
from base.clock import now

MAX_VARIANTS = 6

Weights = Mapping[PromptVersion, int]


def create_experiment(
    prompt: Prompt, *, name: str, weights: Weights, actor: Person | None
) -> PromptExperiment:
    """Set an experiment up; it changes nothing before it is started.

    Raises ExperimentError for fewer than two variants, versions of another prompt,
    weights that leave nobody to assign, or a name that is taken.
    """
    check_weights(prompt, weights)
    if not name.strip():
        raise ExperimentError(_("Give the experiment a name."))
    try:
        with transaction.atomic():
            experiment = PromptExperiment.objects.create(
                prompt=prompt, name=name.strip()
            )
            PromptVariant.objects.bulk_create(
                PromptVariant(experiment=experiment, version=version, weight=weight)
                for version, weight in weights.items()
            )
            _tell(actor, "experiment.created", experiment)
    except IntegrityError:
        taken = _("There is an experiment “%(name)s” already.") % {"name": name.strip()}
        raise ExperimentError(taken) from None
    return experiment


@transaction.atomic
def change_weights(
    experiment: PromptExperiment, *, weights: Weights, actor: Person | None
) -> None:
    """Weigh the variants anew, for interviews that have none yet.

    Raises ExperimentError for other versions than those of the experiment, and once
    it has stopped.
    """
    locked = _lock(experiment)
    if locked.state == ExperimentState.STOPPED:
        raise ExperimentError(_("This experiment has stopped."))
    check_weights(locked.prompt, weights)
    variants = {variant.version: variant for variant in _variants(locked)}
    if set(variants) != set(weights):
        raise ExperimentError(_("Give a weight to each variant."))
    for version, weight in weights.items():
        variants[version].weight = weight
        variants[version].save(update_fields=["weight"])
    _tell(actor, "experiment.weighed", locked)


def start_experiment(experiment: PromptExperiment, *, actor: Person | None) -> None:
    """Have interviews assigned from now on; the wordings are fixed by it.

    Raises ExperimentError unless it is a draft and no other runs with the prompt, and
    PromptTextError for a draft of a wording that cannot be filled in.
    """
    try:
        with transaction.atomic():
            locked = _lock(experiment)
            if locked.state != ExperimentState.DRAFT:
                raise ExperimentError(_("This experiment was started before."))
            for variant in _variants(locked):
                freeze_version(variant.version)
            locked.state = ExperimentState.RUNNING
            locked.started_at = now()
            locked.save(update_fields=["state", "started_at"])
            _tell(actor, "experiment.started", locked)
    except IntegrityError:
        raise ExperimentError(
            _("Another experiment runs with this prompt. Stop it first.")
        ) from None


@transaction.atomic
def stop_experiment(
    experiment: PromptExperiment,
    *,
    winner: PromptVersion | None = None,
    actor: Person | None,
    reason: str = "",
) -> None:
    """Assign nobody any more; a winner is put into use, for everybody from now on.

    Without a winner what was in use stays so, also for interviews that had a variant.
    Raises ExperimentError unless it runs and the winner is one of its variants.
    """
    locked = _lock(experiment)
    if locked.state != ExperimentState.RUNNING:
        raise ExperimentError(_("This experiment does not run."))
    if winner is not None and not locked.variants.filter(version=winner).exists():
        raise ExperimentError(_("The winner is none of the variants."))
    locked.state = ExperimentState.STOPPED
    locked.stopped_at = now()
    locked.save(update_fields=["state", "stopped_at"])
    number = winner.number if winner else None
    _tell(actor, "experiment.stopped", locked, winner=number, reason=reason.strip())
    if winner is not None:
        activate_prompt(
            winner,
            actor=actor,
            reason=reason.strip() or locked.name,
            kind=ActivationKind.WON,
        )


@transaction.atomic
def discard_experiment(experiment: PromptExperiment, *, actor: Person | None) -> None:
    """Delete an experiment that never ran. Raises ExperimentError for any other."""
    locked = _lock(experiment)
    if locked.state != ExperimentState.DRAFT:
        raise ExperimentError(_("An experiment that ran is kept with its result."))
    _tell(actor, "experiment.discarded", locked)
    locked.delete()


def check_weights(prompt: Prompt, weights: Weights) -> None:
    """Raise ExperimentError unless these make an experiment with this prompt."""
    if not 2 <= len(weights) <= MAX_VARIANTS:
        raise ExperimentError(
            _("An experiment has 2 to %(limit)d variants.") % {"limit": MAX_VARIANTS}
        )
    if any(version.prompt_id != prompt.pk for version in weights):
        raise ExperimentError(_("Every variant is a version of the same prompt."))
    if any(not 0 <= weight <= MAX_WEIGHT for weight in weights.values()):
        raise ExperimentError(_("A weight is 0 to %(limit)d.") % {"limit": MAX_WEIGHT})
    if not any(weights.values()):
        raise ExperimentError(_("At least one weight is above 0."))


def _lock(experiment: PromptExperiment) -> PromptExperiment:
    return (
        PromptExperiment.objects.select_for_update(of=("self",))
        .select_related("prompt")
        .get(pk=experiment.pk)
    )


def _variants(experiment: PromptExperiment) -> list[PromptVariant]:
    return list(experiment.variants.select_related("version"))


def _tell(
    actor: Person | None, action: str, experiment: PromptExperiment, **details: object
) -> None:
    weights = {
        f"v{variant.version.number}": variant.weight
        for variant in _variants(experiment)
    }
    facts = {"experiment": experiment.name, "weights": weights, **details}
    tell_everybody(actor, action, experiment.prompt, facts)
