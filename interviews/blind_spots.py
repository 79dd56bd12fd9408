"""What was not kept of an interview: apps say it here, and whoever judges reads it."""

from collections.abc import Callable, Sequence

from interviews.models import Interview

Describe = Callable[[Interview], Sequence[str]]
_describers: dict[str, Describe] = {}


def register_blind_spots(name: str, describe: Describe) -> None:
    """Have the English sentences of `describe(interview)` beside the evidence.

    They are facts for a model: never what a candidate wrote.
    """
    _describers[name] = describe


def describe_blind_spots(interview: Interview) -> list[str]:
    """Return what other apps say is missing, in the order of their registration."""
    return [line for describe in _describers.values() for line in describe(interview)]
