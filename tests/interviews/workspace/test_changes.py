"""Change sets: what the editor's own library makes of them, and what is refused."""

import json
import random
import subprocess
from pathlib import Path

import pytest

from base.text import content_hash
from interviews.workspace.batches import Update, apply_batch
from interviews.workspace.changes import (
    apply_changes,
    clean_text,
    make_append,
    make_insert,
    make_update,
)
from interviews.workspace.errors import BadChangesError

HERE = Path(__file__).parent
LETTERS = ["a", "b", " ", "é", "漢", "😀", "👩‍💻", "\n", "\n"]


def run_node(script: str, *arguments: str, text: str = "") -> str:
    return subprocess.run(
        ["node", HERE / script, *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def join_pairs(text: str) -> str:
    """The same units, halves that meet joined, as Python writes it."""
    return text.encode("utf-16-le", "surrogatepass").decode(
        "utf-16-le", "surrogatepass"
    )


def test_changes_agree_with_the_editors_library() -> None:
    lines = run_node("make_changes.mjs", "600", "20260101").splitlines()

    assert len(lines) == 600
    for line in lines:
        case = json.loads(line)
        assert apply_changes(case["before"], case["changes"]) == join_pairs(
            case["after"]
        )


def test_made_changes_are_understood_by_the_editors_library() -> None:
    numbers = random.Random(7)

    def text() -> str:
        return "".join(numbers.choices(LETTERS, k=numbers.randrange(30)))

    cases = []
    for _ in range(200):
        before, added = text(), text()
        line = numbers.randrange(1, 12)
        cases += [
            (before, make_update(before, added), added),
            (before, make_append(before, added), None),
            (before, make_insert(before, line, added), None),
        ]
    question = json.dumps([{"before": b, "changes": c} for b, c, _ in cases])
    answers = json.loads(run_node("check_changes.mjs", text=question))

    for (before, changes, wanted), answer in zip(cases, answers, strict=True):
        assert apply_changes(before, changes) == answer
        assert wanted is None or answer == wanted


@pytest.mark.parametrize(
    ("before", "line", "expected"),
    [
        ("", 1, "x\n"),
        ("a\nb\n", 1, "x\na\nb\n"),
        ("a\nb\n", 2, "a\nx\nb\n"),
        ("a\nb", 2, "a\nx\nb"),
        ("a\nb", 99, "a\nb\nx"),
    ],
)
def test_make_insert_at_line(before: str, line: int, expected: str) -> None:
    assert apply_changes(before, make_insert(before, line, "x")) == expected


def test_make_append_without_line_end_begins_a_line() -> None:
    assert apply_changes("a", make_append("a", "b\n")) == "a\nb\n"


@pytest.mark.parametrize(
    "changes",
    [
        None,
        {},
        "3",
        [2],
        [4],
        [3, 1],
        [-3],
        [True, 2],
        [3.0],
        [[]],
        [["3"]],
        [[3, 1]],
        [[3, "a\nb"]],
        [[3, "a\rb"]],
        [[True, "a"], 2],
        [[3, ["a"]]],
        [[10**30, "a"]],
    ],
    ids=repr,
)
def test_apply_changes_of_nonsense_is_refused(changes: object) -> None:
    with pytest.raises(BadChangesError):
        apply_changes("abc", changes)


def test_apply_changes_counts_utf16_units() -> None:
    assert apply_changes("😀b", [2, [1, "c"]]) == "😀c"
    with pytest.raises(BadChangesError):
        apply_changes("😀b", [1, [1, "c"]])


def test_batch_with_an_emoji_changed_by_halves_is_stored_whole() -> None:
    halves = [Update("one", [1, [1, "\ude01"], 1]), Update("one", [3, [0, "c"]])]

    batch = apply_batch("😀b", halves)

    assert batch.text == "😁bc"
    assert batch.mend is None
    assert len(batch.updates) == 2
    content_hash(batch.text).encode()
    json.dumps([u.as_json() for u in batch.updates], ensure_ascii=False).encode()
    assert replay("😀b", list(batch.all_updates)) == "😁bc"


@pytest.mark.parametrize("half", ["\ud800", "a\udc00", "\x00", "a\ud800b\x00c"])
def test_batch_with_what_cannot_be_stored_is_mended(half: str) -> None:
    typed = Update("one", [1, [0, *half.split("\n")], 1])

    batch = apply_batch("xy", [typed])

    assert batch.text == clean_text(f"x{half}y")
    assert "\ufffd" in batch.text
    # Whoever has the stored history and whoever typed it end with the same text.
    assert replay("xy", list(batch.all_updates)) == batch.text
    assert batch.mend is not None
    assert replay("xy", [typed, batch.mend]) == batch.text


def replay(text: str, updates: list[Update]) -> str:
    for update in updates:
        text = apply_changes(text, update.changes)
    return text
