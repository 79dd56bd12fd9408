"""Reads for the pages about prompts: versions with their use, and what was in use."""

from dataclasses import dataclass

from django.db.models import Count

from assistant.enums import ExperimentState
from assistant.models import (
    HintUse,
    Prompt,
    PromptActivation,
    PromptExperiment,
    PromptVersion,
    ScoreRun,
    Turn,
)


@dataclass(frozen=True)
class VersionLine:
    """A version, how it stands, and how often it was sent."""

    version: PromptVersion
    is_in_use: bool
    uses: int


def version_lines(prompt: Prompt) -> list[VersionLine]:
    """Return the prompt's versions, newest first."""
    uses: dict[int, int] = {}
    for model in (Turn, HintUse, ScoreRun):
        counted = (
            model._default_manager.filter(prompt_version__prompt=prompt)
            .order_by()
            .values_list("prompt_version")
            .annotate(count=Count("pk"))
        )
        for version_id, count in counted:
            uses[version_id] = uses.get(version_id, 0) + count
    return [
        VersionLine(version, version.pk == prompt.active_id, uses.get(version.pk, 0))
        for version in prompt.versions.select_related("author")
    ]


def activation_history(prompt: Prompt, limit: int = 20) -> list[PromptActivation]:
    """Return what took the place of what, newest first."""
    changes = prompt.activations.select_related("version", "replaced", "actor")
    return list(changes[:limit])


def running_experiment_of(prompt: Prompt) -> PromptExperiment | None:
    """Return the experiment that runs with this prompt."""
    return prompt.experiments.filter(state=ExperimentState.RUNNING).first()
