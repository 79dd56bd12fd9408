"""Prompts as data: the shipped files into the table, and filling one in."""

import re
from collections.abc import Mapping
from pathlib import Path

from django.db import transaction

from assistant.enums import PromptPurpose
from assistant.models import Prompt, PromptVersion

PROMPTS_DIR = Path(__file__).resolve().parent.parent / "prompts"
_FILE = re.compile(r"^(?P<slug>[a-z_]+)\.v(?P<number>\d+)\.md$")
_PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")


@transaction.atomic
def import_shipped_prompts(folder: Path = PROMPTS_DIR) -> int:
    """Add versions that the table does not have; return how many.

    A prompt without an active version gets the newest one; an operator's choice of
    another version is left alone.
    """
    added = 0
    for path in sorted(folder.glob("*.md")):
        match = _FILE.match(path.name)
        if match is None:
            continue
        prompt, _new = Prompt.objects.get_or_create(
            slug=match["slug"], defaults={"purpose": PromptPurpose(match["slug"])}
        )
        version, is_new = PromptVersion.objects.get_or_create(
            prompt=prompt,
            number=int(match["number"]),
            defaults={"text": path.read_text(encoding="utf-8"), "note": "shipped"},
        )
        added += is_new
        if prompt.active_id is None or (is_new and _was_newest(prompt, version)):
            prompt.active = version
            prompt.save(update_fields=["active"])
    return added


def _was_newest(prompt: Prompt, version: PromptVersion) -> bool:
    """Say whether the shipped version before this one is the active one."""
    return prompt.active is not None and prompt.active.number == version.number - 1


def active_prompt(purpose: str) -> PromptVersion:
    """Return the version in use."""
    return PromptVersion.objects.select_related("prompt").get(
        pk=Prompt.objects.values_list("active_id", flat=True).get(purpose=purpose)
    )


def fill_prompt(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of `{{ name }}`, once: a value is never filled again.

    Raises KeyError for a name without a value.
    """
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)
