"""Comparing what a hidden case produced with what was expected, outside the sandbox."""

import math

from pydantic import JsonValue

TOLERANCE = 1e-9


def matches(expected: JsonValue, actual: JsonValue) -> bool:
    """Tell whether two JSON values are equal.

    The order of keys does not matter, a boolean is never a number, and numbers
    with a fractional form may differ by the tolerance. The depth of the walk is
    bounded by the expected value, so a hostile result cannot exhaust the stack.
    """
    if isinstance(expected, dict):
        return isinstance(actual, dict) and _objects_match(expected, actual)
    if isinstance(expected, list):
        return isinstance(actual, list) and _lists_match(expected, actual)
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return _numbers_match(expected, actual)
    return type(expected) is type(actual) and expected == actual


def stdout_matches(expected: str, actual: str) -> bool:
    """Compare printed text; white space at line ends and at the end is ignored."""
    return _printed(expected) == _printed(actual)


def _objects_match(
    expected: dict[str, JsonValue], actual: dict[str, JsonValue]
) -> bool:
    return expected.keys() == actual.keys() and all(
        matches(value, actual[key]) for key, value in expected.items()
    )


def _lists_match(expected: list[JsonValue], actual: list[JsonValue]) -> bool:
    return len(expected) == len(actual) and all(
        matches(one, other) for one, other in zip(expected, actual, strict=True)
    )


def _numbers_match(expected: float, actual: float) -> bool:
    if isinstance(expected, int) and isinstance(actual, int):
        return expected == actual
    try:
        return math.isclose(expected, actual, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    except OverflowError:
        return False


def _printed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip()
