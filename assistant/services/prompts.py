"""Prompts as data: shipped files into the table, choosing a wording, filling it in."""

import re
from collections.abc import Mapping
from pathlib import Path

from django.db import transaction

from assistant.enums import ActivationKind, PromptPurpose
from assistant.models import Prompt, PromptActivation, PromptVersion
from assistant.services.assignment import choose_variant, running_experiment
from assistant.variables import PLACEHOLDER
from base.clock import now
from interviews.models import Interview

PROMPTS_DIR = Path(__file__).resolve().parent.parent / "prompts"
_SHIPPED = "shipped"
_FILE = re.compile(r"^(?P<slug>[a-z_]+)\.v(?P<number>\d+)\.md$")


@transaction.atomic
def import_shipped_prompts(folder: Path = PROMPTS_DIR) -> int:
    """Add versions that the table does not have; return how many.

    A prompt whose version in use was shipped, or that has none, gets the newest one;
    an operator's choice is left alone. A number that an own version has taken is not
    taken from it: the shipped wording then gets the next free one.
    """
    added = 0
    newest: dict[Prompt, PromptVersion] = {}
    for path in sorted(folder.glob("*.md"), key=_number_of):
        match = _FILE.match(path.name)
        if match is None:
            continue
        prompt, _new = Prompt.objects.get_or_create(
            purpose=PromptPurpose(match["slug"]), defaults={"slug": match["slug"]}
        )
        text = path.read_text(encoding="utf-8")
        if prompt.versions.filter(text=text, frozen_at__isnull=False).exists():
            continue
        version = _add_shipped(prompt, int(match["number"]), text)
        added += 1
        if _is_shipped(prompt):
            newest[prompt] = version
    for prompt, version in newest.items():
        _use_shipped(prompt, version)
    return added


def _number_of(path: Path) -> tuple[int, str]:
    match = _FILE.match(path.name)
    return (int(match["number"]) if match else 0, path.name)


def _add_shipped(prompt: Prompt, number: int, text: str) -> PromptVersion:
    taken = set(prompt.versions.values_list("number", flat=True))
    return PromptVersion.objects.create(
        prompt=prompt,
        number=max(taken) + 1 if number in taken else number,
        text=text,
        note=_SHIPPED,
        frozen_at=now(),
    )


def _is_shipped(prompt: Prompt) -> bool:
    """Say whether nobody chose what is in use."""
    latest = prompt.activations.first()
    if latest is not None:
        return latest.kind == ActivationKind.SHIPPED
    return prompt.active is None or prompt.active.note == _SHIPPED


def _use_shipped(prompt: Prompt, version: PromptVersion) -> None:
    PromptActivation.objects.create(
        prompt=prompt,
        version=version,
        replaced=prompt.active,
        kind=ActivationKind.SHIPPED,
    )
    prompt.active = version
    prompt.save(update_fields=["active"])


def active_prompt(purpose: str) -> PromptVersion:
    """Return the version in use, experiments aside."""
    prompt = Prompt.objects.select_related("active").get(purpose=purpose)
    if prompt.active is None:
        raise PromptVersion.DoesNotExist
    prompt.active.prompt = prompt
    return prompt.active


def choose_prompt(purpose: str, interview: Interview) -> PromptVersion:
    """Return the wording for a call about `interview`: the one entry for callers.

    While an experiment runs the interview gets one of its variants, or keeps the
    wording it had before the experiment began; otherwise the version in use.
    """
    experiment = running_experiment(purpose)
    if experiment is None:
        return active_prompt(purpose)
    return choose_variant(experiment, interview)


def fill_prompt(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of `{{ name }}`, once: a value is never filled again.

    Raises KeyError for a name without a value.
    """
    return PLACEHOLDER.sub(lambda match: values[match[1]], text)
