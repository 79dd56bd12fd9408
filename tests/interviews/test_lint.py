"""What a linter printed becomes bounded plain text at places of the editor."""

import json
from typing import Any

import pytest

from interviews.languages import find_linter
from interviews.runner_client import RunFinished
from interviews.services.lint import (
    MAX_CODE,
    MAX_DIAGNOSTICS,
    MAX_MESSAGE,
    Diagnostic,
    Look,
    read_diagnostics,
)

TEXT = "one\n😀 two\nthree"
EDITOR_LENGTH = len(TEXT) + 1


def finished(exit_code: int | None = 1, reason: Any = "exited") -> RunFinished:
    return RunFinished("run", reason, exit_code, "", 5, 1024, truncated=False)


def line(
    row: int = 1, column: int = 1, end: tuple[int, int] | None = None, **fields: Any
) -> bytes:
    """One line as ruff prints it."""
    end_row, end_column = end or (row, column)
    item = {
        "code": "F401",
        "message": "unused",
        "location": {"row": row, "column": column},
        "end_location": {"row": end_row, "column": end_column},
        **fields,
    }
    return json.dumps(item).encode() + b"\n"


def read(output: bytes, run: RunFinished | None = None) -> list[Diagnostic] | None:
    linter = find_linter(".py")
    assert linter is not None
    look = Look("f/main.py", 3, TEXT, linter)
    return read_diagnostics(look, linter, run or finished(), output)


def read_one(output: bytes) -> Diagnostic:
    found = read(output)
    assert found is not None
    assert len(found) == 1
    return found[0]


def test_places_are_counted_as_the_editor_counts() -> None:
    found = read_one(line(2, 3, (2, 6), code="F821"))

    assert found == Diagnostic(7, 10, "error", "unused", "F821")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((99, 99), (10**18, 10**18), (EDITOR_LENGTH, EDITOR_LENGTH)),
        ((1, 10**18), (1, 10**18), (3, 3)),
        ((1, -5), (1, 2), (0, 1)),
        ((3, 4), (1, 1), (14, 14)),
    ],
    ids=["past the end", "past the line", "negative", "end before start"],
)
def test_places_outside_the_file_are_brought_in(
    start: tuple[int, int], end: tuple[int, int], expected: tuple[int, int]
) -> None:
    found = read_one(line(*start, end))

    assert (found.start, found.end) == expected


def test_finding_about_no_line_is_left_out() -> None:
    assert read(line(0, 0) + line(-3, 1)) == []


def test_text_is_plain_short_and_can_be_sent() -> None:
    message = "<b>bad</b>\x1b[31m\n\t\u202e\ud800 end\x00" + "y" * 5_000

    found = read_one(line(message=message, code="C" * 500))

    assert found.message.startswith("<b>bad</b>[31m ")
    assert found.message.encode()
    assert all(each.isprintable() for each in found.message)
    assert len(found.message) <= MAX_MESSAGE
    assert len(found.code) <= MAX_CODE


def test_errors_are_kept_first_and_all_is_in_order() -> None:
    many = b"".join(line(3, 1, message=str(number)) for number in range(500))

    found = read(many + line(1, 2, code="F821"))

    assert found is not None
    assert len(found) == MAX_DIAGNOSTICS
    assert (found[0].start, found[0].severity) == (1, "error")


@pytest.mark.parametrize(
    "run",
    [finished(2), finished(127), finished(None, "timeout"), finished(None, "memory")],
    ids=["its own failure", "not installed", "too long", "too much memory"],
)
def test_run_that_did_not_look_says_nothing(run: RunFinished) -> None:
    assert read(line(), run) is None


def test_output_cut_off_in_the_middle_still_counts() -> None:
    output = line() + line(2)[:-20]

    found = read(output, finished(None, "output"))

    assert found is not None
    assert [each.start for each in found] == [0]
