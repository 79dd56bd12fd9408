"""Whatever happens between two questions, what was sent before is not touched."""

import pytest
from pytest_django import Settings

from tests.assistant.context_machine import Talk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unhurried(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.LIMITS = {
        **settings.LIMITS,
        "asks_per_minute": 10_000,
        "requests_per_minute": 10_000,
    }


NARROW = 2_000


def run(settings: Settings, *, seed: int, questions: int) -> None:
    """Every other talk fills its epochs soon."""
    if seed % 2:
        settings.LIMITS = {**settings.LIMITS, "epoch_tokens": NARROW}

    Talk(seed).go(questions)


@pytest.mark.parametrize("seed", range(6))
def test_context_is_only_added_to(settings: Settings, seed: int) -> None:
    run(settings, seed=seed, questions=15)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 110))
def test_context_is_only_added_to_for_long(settings: Settings, seed: int) -> None:
    run(settings, seed=seed, questions=40)
