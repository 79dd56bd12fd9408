"""The breaker of a provider's model: when it opens, lets one through, and closes."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache
from pytest_django import Settings

from assistant.providers.breaker import Breaker

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty() -> None:
    cache.clear()


def failed(times: int, model: str = "m-1") -> Breaker:
    breaker = Breaker("anthropic", model)
    for _ in range(times):
        breaker.note_failure()
    return breaker


@time_machine.travel(START, tick=False)
def test_opens_after_five_failures_in_a_row() -> None:
    assert failed(4).seconds_to_wait() == 0
    breaker = failed(1)

    assert breaker.read_state() == "open"
    assert breaker.seconds_to_wait() == 60


@time_machine.travel(START, tick=False)
def test_success_in_between_counts_anew() -> None:
    failed(4).note_success()

    assert failed(4).read_state() == "closed"


@time_machine.travel(START, tick=False)
def test_other_models_are_not_held_back() -> None:
    failed(5)

    assert Breaker("anthropic", "m-2").seconds_to_wait() == 0
    assert Breaker("gateway", "m-1").seconds_to_wait() == 0


def test_half_open_lets_one_through_and_closes_after_two_successes() -> None:
    with time_machine.travel(START, tick=False) as clock:
        breaker = failed(5)
        clock.shift(60)

        assert breaker.read_state() == "half_open"
        assert breaker.seconds_to_wait() == 0
        assert breaker.seconds_to_wait() == 1
        breaker.note_success()
        assert breaker.read_state() == "half_open"
        assert breaker.seconds_to_wait() == 0
        breaker.note_success()
        assert breaker.read_state() == "closed"
        assert failed(4).read_state() == "closed"


def test_failure_of_the_one_let_through_opens_it_again() -> None:
    with time_machine.travel(START, tick=False) as clock:
        breaker = failed(5)
        clock.shift(60)
        breaker.seconds_to_wait()
        breaker.note_failure()

        assert breaker.seconds_to_wait() == 60


def test_call_that_told_nothing_lets_the_next_one_through() -> None:
    with time_machine.travel(START, tick=False) as clock:
        breaker = failed(5)
        clock.shift(60)
        breaker.seconds_to_wait()
        breaker.note_nothing()

        assert breaker.seconds_to_wait() == 0


def test_late_failures_do_not_keep_it_open_longer() -> None:
    with time_machine.travel(START, tick=False) as clock:
        failed(5)
        clock.shift(30)

        assert failed(3).seconds_to_wait() == 30


def test_cache_that_is_away_keeps_nobody_from_an_answer(settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    breaker = failed(6)
    breaker.note_success()

    assert breaker.seconds_to_wait() == 0
    assert breaker.read_state() == "closed"
