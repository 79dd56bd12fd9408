"""Keys: how they are read, take turns, rest, and are read again."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache
from pytest_django import Settings

from assistant.configuration import Configuration, read_configuration
from assistant.errors import NotConfiguredError
from assistant.keys import read_keys
from assistant.providers.key_health import (
    choose_key,
    has_other_key,
    note_limits,
    read_health,
    rest_key,
)

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _two_keys(settings: Settings) -> None:
    cache.clear()
    settings.ANTHROPIC_API_KEYS = "blue=sk-1, green=sk-2"


def aimed(model: str = "m-1") -> Configuration:
    return Configuration("http://x", "sk-1", model, is_simulated=False)


def label(model: str = "m-1") -> str | None:
    target = choose_key(aimed(model)).target
    return None if target is None else target.key_label


def test_labelled_bare_and_single_keys_are_read_in_order(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = "sk-0"
    settings.ANTHROPIC_API_KEYS = "blue=sk-1,sk-2,,main=sk-3\n"

    keys = read_keys("anthropic")

    assert [key.secret for key in keys] == ["sk-0", "sk-1", "sk-2"]
    assert [key.label for key in keys[:2]] == ["main", "blue"]
    assert keys[2].label.startswith("key-")
    assert "sk-2" not in keys[2].label + repr(keys)


def test_several_keys_are_enough_to_be_configured(settings: Settings) -> None:
    assert read_configuration().key_label == "blue"
    settings.ANTHROPIC_API_KEYS = ""
    with pytest.raises(NotConfiguredError):
        read_configuration()


def test_gateway_has_its_own_keys(settings: Settings) -> None:
    settings.ASSISTANT_GATEWAY_KEYS = "open=ok-1, other=ok-2, open=ok-3"

    assert [key.secret for key in read_keys("open")] == ["ok-1", "ok-3"]
    assert read_keys("unknown") == []


def test_keys_are_read_again_when_their_file_changes(
    settings: Settings, tmp_path: Path
) -> None:
    path = settings.ANTHROPIC_API_KEYS_PATH = tmp_path / "keys"
    path.write_text("blue=sk-1\n")
    assert [key.label for key in read_keys("anthropic")] == ["blue"]

    path.write_text("blue=sk-1\nred=sk-9\n")
    os.utime(path, ns=(1, 1))
    assert [key.label for key in read_keys("anthropic")] == ["blue", "red"]

    path.unlink()
    assert [key.label for key in read_keys("anthropic")] == ["blue", "red"]


def test_keys_take_turns_by_the_hour() -> None:
    with time_machine.travel(START, tick=False) as clock:
        first = label()
        clock.shift(timedelta(minutes=59))
        assert label() == first
        clock.shift(timedelta(minutes=1))
        assert {first, label()} == {"blue", "green"}


@pytest.mark.parametrize(
    ("code", "named", "seconds"),
    [
        ("rate_limit_error", 7.0, 7),
        ("rate_limit_error", None, 30),
        ("authentication_error", None, 600),
    ],
    ids=["429 with a wait", "429 without", "401"],
)
def test_refused_key_rests(code: str, named: float | None, seconds: int) -> None:
    with time_machine.travel(START, tick=False) as clock:
        chosen = choose_key(aimed()).target
        assert chosen is not None
        rest_key(chosen, code, named)

        assert label() != chosen.key_label
        clock.shift(seconds)
        assert label() == chosen.key_label


@time_machine.travel(START, tick=False)
def test_rate_limit_is_one_models_and_a_refusal_is_of_all() -> None:
    chosen = choose_key(aimed()).target
    assert chosen is not None
    rest_key(chosen, "rate_limit_error", 5)
    assert label("m-2") == chosen.key_label

    rest_key(chosen, "authentication_error", None)
    assert label("m-2") != chosen.key_label
    states = {each.label: each.code for each in read_health(chosen)}
    assert states.pop(chosen.key_label) == "authentication_error"
    assert set(states.values()) == {""}


@time_machine.travel(START, tick=False)
def test_with_no_key_left_the_shortest_rest_is_told() -> None:
    for seconds in (9, 4):
        chosen = choose_key(aimed()).target
        assert chosen is not None
        rest_key(chosen, "rate_limit_error", seconds)

    choice = choose_key(aimed())
    assert choice.target is None
    assert (choice.wait, choice.code) == (4, "rate_limit_error")


@time_machine.travel(START, tick=False)
def test_keys_that_are_not_accepted_are_tried_again_when_no_other_is_left() -> None:
    left = []
    for _ in range(2):
        chosen = choose_key(aimed()).target
        assert chosen is not None
        rest_key(chosen, "authentication_error", None)
        left.append(has_other_key(chosen))

    assert left == [True, False]
    assert label() in {"blue", "green"}


@time_machine.travel(START, tick=False)
def test_new_key_under_an_old_label_does_not_rest(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEYS = "blue=sk-1"
    chosen = choose_key(aimed()).target
    assert chosen is not None
    rest_key(chosen, "rate_limit_error", None)
    assert label() is None

    settings.ANTHROPIC_API_KEYS = "blue=sk-9"
    assert label() == "blue"


def limits(left: int, *, what: str = "requests") -> dict[str, str]:
    prefix = f"anthropic-ratelimit-{what}"
    return {
        f"{prefix}-limit": "100",
        f"{prefix}-remaining": str(left),
        f"{prefix}-reset": (START + timedelta(seconds=20)).isoformat(),
    }


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({}, 0),
        ({"anthropic-ratelimit-requests-limit": "many"}, 0),
        (limits(50), 0),
        (limits(10), 0),
        (limits(5), 4),
        (limits(0), 8),
        (limits(5, what="input-tokens"), 4),
    ],
    ids=["none", "garbled", "half", "tenth", "little", "nothing", "tokens"],
)
@time_machine.travel(START, tick=False)
def test_little_left_of_a_limit_spreads_the_calls(
    settings: Settings, headers: dict[str, str], pause: float
) -> None:
    settings.ANTHROPIC_API_KEYS = "blue=sk-1"
    chosen = choose_key(aimed()).target
    assert chosen is not None
    note_limits(chosen, headers)

    assert choose_key(aimed()).pause == pause


def test_simulator_has_one_key_of_its_own() -> None:
    target = Configuration("http://x", "simulator", "m-1", is_simulated=True)

    assert choose_key(target).target == target
