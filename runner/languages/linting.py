"""What a linter says of itself, and reading what it printed without believing it.

The text comes from inside the sandbox, so it can hold anything: what is not of the
expected form is left out, and no value is used before its type is known.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Severity = Literal["error", "warning", "info"]
Place = tuple[int, int]

# More lines than any honest linter prints in what is kept of its output.
_MAX_LINES = 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark; `start` and `end` are line and column, counted from 1 in characters.

    Places may lie outside the file.
    """

    start: Place
    end: Place
    severity: Severity
    message: str
    code: str


class ReadFindings(Protocol):
    """Reads what the program printed; output that was cut off in the middle, too."""

    def __call__(self, output: bytes) -> Iterator[Finding]: ...


@dataclass(frozen=True, slots=True)
class Linter:
    """A program that looks at one file without running it.

    The file's name, with one of `suffixes`, is added to `command`; `version` is a
    command whose first line of output names the version.
    """

    name: str
    suffixes: tuple[str, ...]
    command: tuple[str, ...]
    version: tuple[str, ...]
    read: ReadFindings


def read_object(text: bytes) -> Mapping[str, object]:
    """A JSON object; an empty one for whatever is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_lines(output: bytes) -> Iterator[Mapping[str, object]]:
    """The JSON objects of an output that has one a line."""
    for line in output.split(b"\n", _MAX_LINES)[:_MAX_LINES]:
        found = read_object(line)
        if found:
            yield found


def get_objects(item: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    """The objects in a list of `item`."""
    found = item.get(key)
    if not isinstance(found, list):
        return []
    return [each for each in found if isinstance(each, dict)]


def get_object(item: Mapping[str, object], key: str) -> Mapping[str, object]:
    """The object at `key`; an empty one where there is none."""
    found = item.get(key)
    return found if isinstance(found, dict) else {}


def get_text(item: Mapping[str, object], key: str) -> str:
    """The text at `key`, empty where there is none."""
    found = item.get(key)
    return found if isinstance(found, str) else ""


def get_place(item: Mapping[str, object], line: str, column: str) -> Place:
    """Line and column; (0, 0), a place in no file, where they are not numbers."""
    found = item.get(line), item.get(column)
    match found:
        case int(row), int(at):
            return row, at
    return 0, 0
