"""What `doctor` says of models and keys, with the simulator as the provider."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from pytest_django import Settings

from assistant.catalogue import shipped_facts
from assistant.configuration import read_configuration
from assistant.model_checks import check_keys, check_models, models_in_use
from assistant.providers.breaker import Breaker
from assistant.providers.key_health import choose_key, rest_key
from assistant.services.catalogue import add_version, choose_model
from interviews.enums import InterviewState
from tests.assistant.conftest import Running
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db

TODAY = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FINE = "claude-sonnet-5-5"


@pytest.fixture(autouse=True)
def _provider(settings: Settings, simulator: Running) -> None:
    cache.clear()
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_BASE_URL = simulator.url
    settings.ANTHROPIC_API_KEYS = "blue=sk-1,green=sk-2"
    settings.ANTHROPIC_MODEL = settings.ANTHROPIC_SCORE_MODEL = FINE


def test_models_that_are_as_we_think_are_fine() -> None:
    found = check_models()

    assert (found.status, found.message[:9]) == ("ok", "1 in use,")


@time_machine.travel(TODAY, tick=False)
def test_retirement_is_told_long_before(settings: Settings) -> None:
    settings.ASSISTANT_FALLBACK_MODELS = ["claude-sonnet-4-5"]
    found = check_models()

    assert found.status == "warning"
    assert found.message == "claude-sonnet-4-5: retires on 2026-11-30, in 8 days."
    assert "Choose another model" in found.mend


def test_retirement_is_told_without_a_key(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEYS = ""
    settings.ANTHROPIC_MODEL = "claude-sonnet-4-5"
    with time_machine.travel(TODAY + timedelta(days=30), tick=False):
        found = check_models()

    assert found.status == "failed"
    assert found.message == "claude-sonnet-4-5: retired: calls fail."


def test_model_the_provider_does_not_offer_fails(settings: Settings) -> None:
    settings.ANTHROPIC_SCORE_MODEL = "claude-unheard-of"

    assert check_models().status == "failed"


def test_what_the_provider_says_otherwise_is_told() -> None:
    facts = shipped_facts(FINE)
    add_version(
        facts.model_copy(update={"output_tokens": 9, "thinking": ("adaptive",)})
    )
    found = check_models()

    assert found.status == "warning"
    assert "output 9, the provider says 128000" in found.message
    assert "thinking adaptive, the provider says adaptive, between_tools" in (
        found.message
    )


def test_provider_that_does_not_answer_is_told(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEYS = "blue=invalid"
    found = check_models()

    assert found.status == "warning"
    assert "authentication_error" in found.message


def test_models_of_unended_cohorts_are_in_use(settings: Settings) -> None:
    settings.ANTHROPIC_MODEL = "claude-opus-5"
    running = InterviewFactory.create(state=InterviewState.ACTIVE)
    choose_model("chat", running)
    settings.ANTHROPIC_MODEL = "auto"

    assert models_in_use() == ["claude-haiku-5-5", "claude-opus-5", FINE]


def test_keys_at_rest_and_open_breakers_are_told() -> None:
    assert check_keys().message == "2 keys"
    breaker = Breaker("anthropic", FINE)
    for _ in range(5):
        breaker.note_failure()
    chosen = choose_key(read_configuration()).target
    assert chosen is not None
    rest_key(chosen, "authentication_error", None)
    found = check_keys()

    assert found.status == "warning"
    assert f"{chosen.key_label} (authentication_error)" in found.message
    assert f"{FINE} (open)" in found.message
    assert "sk-" not in found.message


def test_no_key_left_fails(settings: Settings) -> None:
    for _ in range(2):
        chosen = choose_key(read_configuration()).target
        assert chosen is not None
        rest_key(chosen, "authentication_error", None)

    assert check_keys().status == "failed"
    settings.ANTHROPIC_API_KEYS = ""
    assert check_keys().message == "There is no key."
