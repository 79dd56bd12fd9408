"""When a hidden case counts as passed."""

import json

import pytest
from pydantic import JsonValue

from interviews.hidden.compare import matches, stdout_matches


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        pytest.param(None, None, id="null"),
        pytest.param("é", "é", id="text"),
        pytest.param(1, 1.0, id="whole number as a float"),
        pytest.param(0.3, 0.1 + 0.2, id="rounding"),
        pytest.param(1e12, 1e12 + 1, id="large floats relative to their size"),
        pytest.param(0.0, -1e-10, id="near zero"),
        pytest.param({"a": 1, "b": [2]}, {"b": [2], "a": 1}, id="order of keys"),
        pytest.param([], [], id="empty list"),
        pytest.param(10**30, 10**30, id="large whole numbers"),
    ],
)
def test_matches_equal_values(expected: JsonValue, actual: JsonValue) -> None:
    assert matches(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        pytest.param(True, 1, id="true is not one"),
        pytest.param(0, False, id="zero is not false"),
        pytest.param(None, False, id="null is not false"),
        pytest.param(1, "1", id="number and text"),
        pytest.param(1.0, 1.0001, id="beyond the tolerance"),
        pytest.param(10**30, 10**30 + 1, id="whole numbers are exact"),
        pytest.param(1.5, 10**400, id="too large for a float"),
        pytest.param([1, 2], [2, 1], id="order of a list"),
        pytest.param([1], [1, 1], id="longer list"),
        pytest.param({"a": 1}, {"a": 1, "b": 2}, id="extra key"),
        pytest.param({"a": None}, {}, id="missing key"),
        pytest.param([], {}, id="list and object"),
        pytest.param({}, None, id="object and null"),
    ],
)
def test_matches_refuses_different_values(
    expected: JsonValue, actual: JsonValue
) -> None:
    assert not matches(expected, actual)


def test_matches_refuses_nan_even_where_nan_is_expected() -> None:
    assert not matches(json.loads("NaN"), json.loads("NaN"))


def test_matches_stops_at_the_depth_of_the_expected_value() -> None:
    actual: JsonValue = 1
    for _ in range(100_000):
        actual = [actual]

    assert not matches([[1]], actual)


def test_stdout_matches_ignores_trailing_white_space() -> None:
    assert stdout_matches("one\ntwo\n", "one  \r\ntwo\t\n\n\n")


@pytest.mark.parametrize("actual", ["one two", " one\ntwo", "one\n\ntwo", "one", ""])
def test_stdout_matches_keeps_everything_else(actual: str) -> None:
    assert not stdout_matches("one\ntwo\n", actual)
