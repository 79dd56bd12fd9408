"""What a command did to a text and what was typed meanwhile, brought together."""

import random
from time import thread_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviews.workspace.changes import apply_changes
from interviews.workspace.merging import merge_changes, split_changes
from interviews.workspace.textdiff import diff_changes, diff_lines

LINES = ["}\n", "\n", "x = 1\n", "y = 2\n", "é漢😀\n", "    return\n", "no end"]
texts = st.lists(st.sampled_from(LINES), max_size=8).map("".join)
wild = st.text(st.sampled_from(["a", "\n", "\n", "é", "漢", "😀"]), max_size=20)


@st.composite
def edits(draw: st.DrawFn, base: str, mark: str) -> tuple[str, list[str]]:
    """The text with some lines gone and some marked words put in."""
    lines = base.splitlines(keepends=True)
    put_in = []
    for number in range(draw(st.integers(0, 4))):
        word = f"<{mark}{number}>"
        at = draw(st.integers(0, len(lines)))
        action = draw(st.sampled_from(["line", "word", "delete"]))
        if action == "delete" and at < len(lines) and "<" not in lines[at]:
            del lines[at]
        elif action == "word" and at < len(lines):
            lines[at] = word + lines[at]
            put_in.append(word)
        elif action == "line":
            lines.insert(at, f"{word}\n")
            put_in.append(word)
    return "".join(lines), put_in


@given(st.data(), texts)
def test_nothing_that_was_put_in_is_lost(data: st.DataObject, base: str) -> None:
    disk, by_command = data.draw(edits(base, "c"))
    document, by_hand = data.draw(edits(base, "h"))

    merged = apply_changes(document, merge_changes(base, disk, document))

    assert sorted(word for word in by_command + by_hand if word in merged) == sorted(
        by_command + by_hand
    )
    assert all(merged.count(word) == 1 for word in by_command + by_hand)


@given(wild, wild, wild)
def test_merge_of_one_change_is_that_change(base: str, disk: str, text: str) -> None:
    assert apply_changes(base, merge_changes(base, disk, base)) == disk
    assert apply_changes(text, merge_changes(base, base, text)) == text


@given(wild, wild)
def test_difference_leads_from_one_text_to_the_other(old: str, new: str) -> None:
    assert apply_changes(old, diff_changes(old, new)) == new


@given(st.data(), texts)
def test_without_a_base_nothing_is_removed(data: st.DataObject, base: str) -> None:
    disk, by_command = data.draw(edits(base, "c"))
    document, by_hand = data.draw(edits(base, "h"))

    merged = apply_changes(document, merge_changes(None, disk, document))

    assert all(word in merged for word in by_command + by_hand)
    assert {*document.splitlines()} <= {*merged.splitlines()}
    assert {*disk.splitlines()} <= {*merged.splitlines()}


@pytest.mark.parametrize(
    ("base", "disk", "document", "merged"),
    [
        pytest.param(
            "a\nb\nc\n", "a\nb\nc\nd\n", "a1\nb\nc\n", "a1\nb\nc\nd\n", id="apart"
        ),
        pytest.param("a\n", "a\nb\n", "a\nc\n", "a\nc\nb\n", id="one-place"),
        pytest.param("a\nb\n", "a\n", "a\nb!\n", "a\n!", id="typed-in-what-went"),
        pytest.param(
            "if x:\n  go()\n\nend()\n",
            "if x:\n    go()\n\n\nend()\n",
            "if x:\n  go(1)\n\nend()\n",
            "if x:\n    go(1)\n\n\nend()\n",
            id="formatted",
        ),
        pytest.param(
            "a\n}\nb\n}\nc\n",
            "a1\n}\nb1\n}\nc1\n",
            "a\n}\nb2\n}\nc\n",
            "a1\n}\nb21\n}\nc1\n",
            id="between-like-lines",
        ),
        pytest.param("x 😀 y", "x 😀 z", "w 😀 y", "w 😀 z", id="astral"),
    ],
)
def test_merge_is_what_a_person_expects(
    base: str, disk: str, document: str, merged: str
) -> None:
    assert apply_changes(document, merge_changes(base, disk, document)) == merged


def test_merge_keeps_lines_that_neither_changed() -> None:
    base = "".join(f"line {number}\n" for number in range(200))
    disk = base.replace("line 7\n", "line seven\n").replace("line 150\n", "")
    document = base.replace("line 8\n", "line 8\nline 8a\n")

    merged = apply_changes(document, merge_changes(base, disk, document))

    expected = document.replace("line 7\n", "line seven\n").replace("line 150\n", "")
    assert merged == expected


@given(wild, wild, st.integers(1, 6))
def test_split_changes_do_the_same(old: str, new: str, most: int) -> None:
    changes = diff_changes(old, new)
    parts = split_changes(changes, most)

    text = old
    for part in parts:
        text = apply_changes(text, part)
    assert text == new
    assert all(count_put_in(part) <= most for part in parts)
    assert bool(parts) == (old != new)


def count_put_in(changes: list[Any]) -> int:
    """How many characters a change set puts in."""
    texts = ["\n".join(part[1:]) for part in changes if not isinstance(part, int)]
    return sum(map(len, texts))


def test_large_text_is_split_into_what_a_frame_carries() -> None:
    text = "漢😀\n" * 100_000
    parts = split_changes(diff_changes("", text))
    assert [count_put_in(part) for part in parts] == [40_000] * 7 + [20_000]


def hostile_texts() -> dict[str, tuple[str, str]]:
    numbers = random.Random(7)
    pieces = 500_000
    twice = [line for number in range(5_000) for line in (number, number // 2)]
    return {
        "one-character-lines": (
            "".join(numbers.choices(["a\n", "b\n"], k=pieces)),
            "".join(numbers.choices(["a\n", "b\n"], k=pieces)),
        ),
        "one-line": ("a" * 999_999, "b" * 999_999),
        "only-line-ends": ("\n" * 1_000_000, "\n" * 999_990 + "x\n"),
        "like-lines": ("}\n" * 19_000 + "a", "b\n" + "}\n" * 18_000),
        "no-line-twice": (
            "".join(f"{numbers.random()}\n" for _ in range(15_000)),
            "".join(f"{numbers.random()}\n" for _ in range(15_000)),
        ),
        "each-line-twice": (
            "".join(f"{line}\n" for line in twice),
            "".join(f"{line}\n" for line in twice[1::2] + twice[::2]),
        ),
    }


# Comparing line with line would take minutes; what is right takes under a second.
HANGS_AFTER = 20.0


@pytest.mark.parametrize("name", hostile_texts())
def test_difference_of_hostile_texts_never_takes_minutes(name: str) -> None:
    old, new = hostile_texts()[name]
    began = thread_time()
    changes = diff_changes(old, new)
    took = thread_time() - began

    assert took < HANGS_AFTER
    assert apply_changes(old, changes) == new


def test_lines_that_moved_are_found() -> None:
    hunks = diff_lines("a\nb\nc\nd\n", "c\na\nb\nd\n")
    assert sum(len(hunk.text) for hunk in hunks) == 2
