"""Versions from before drafts come over as fixed, and go back."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from assistant.models import PromptVersion
from assistant.services.prompts import active_prompt

# Every test of a table's change holds the schema for itself, and takes all of them.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

BEFORE = [("assistant", "0002_turn_reservation")]


def _migrate(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


def _newest() -> list[tuple[str, str]]:
    return list(MigrationExecutor(connection).loader.graph.leaf_nodes())


@pytest.fixture
def old_prompts(transactional_db: None) -> Iterator[Any]:
    """Yield the first model of prompts; the newest tables come back."""
    newest = _newest()
    try:
        yield _migrate(BEFORE).get_model("assistant", "Prompt")
    finally:
        _migrate(newest)


def test_known_versions_are_fixed_and_stay_in_use(old_prompts: Any) -> None:
    prompt = old_prompts.objects.get(slug="chat")
    own = prompt.versions.create(number=7, text="own words", note="mine")
    prompt.active = own
    prompt.save()

    _migrate(_newest())

    version = active_prompt("chat")
    assert (version.number, version.text) == (7, "own words")
    assert version.frozen_at == version.created_at
    with pytest.raises(IntegrityError), transaction.atomic():
        PromptVersion.objects.filter(pk=version.pk).update(text="other")

    kept = _migrate(BEFORE).get_model("assistant", "Prompt")
    assert kept.objects.get(slug="chat").active.text == "own words"
    kept.objects.get(slug="chat").versions.filter(number=7).update(text="free again")
