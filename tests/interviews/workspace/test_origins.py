"""Where characters came from: runs that cover the text, whatever is done to it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.text import utf16_length
from interviews.enums import TextOrigin
from interviews.workspace.changes import apply_changes
from interviews.workspace.errors import BadChangesError
from interviews.workspace.origins import TextOrigins, TextRun, origin_of_input

texts = st.text(
    st.sampled_from(["a", "\n", "é", "\u0301", "漢", "😀", "\ud83d", "\ude00"]),
    max_size=12,
)
Edit = tuple[list[Any], TextOrigin]


@st.composite
def histories(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A first text, and change sets each made on what the one before left."""
    first = draw(texts)
    length = utf16_length(first)
    edits = []
    for _ in range(draw(st.integers(0, 12))):
        changes, length = draw(change_sets(length))
        edits.append((changes, draw(st.sampled_from(TextOrigin))))
    return first, edits


@st.composite
def change_sets(draw: st.DrawFn, length: int) -> tuple[list[Any], int]:
    """A change set of a text of this length, and the length afterwards."""
    changes: list[Any] = []
    after = 0
    for size in [*draw_sizes(draw, length), 0]:
        match draw(st.sampled_from(["keep", "delete", "replace"])):
            case "keep":
                changes.append(size)
                after += size
            case "delete":
                changes.append([size])
            case _:
                put_in = draw(texts)
                changes.append([size, *put_in.split("\n")])
                after += utf16_length(put_in)
    return changes, after


def draw_sizes(draw: st.DrawFn, length: int) -> list[int]:
    cuts = sorted(draw(st.lists(st.integers(0, length), max_size=5)))
    return [end - start for start, end in zip([0, *cuts], [*cuts, length], strict=True)]


@given(histories())
def test_runs_cover_the_text_exactly_after_any_edits(
    history: tuple[str, list[Edit]],
) -> None:
    text, edits = history
    origins = TextOrigins(text, TextOrigin.STARTER, 1)
    # The same by brute force: who wrote each unit.
    units = [(TextOrigin.STARTER, 1)] * utf16_length(text)

    for event, (changes, origin) in enumerate(edits, start=2):
        origins.change(changes, origin=origin, event=event)
        text = apply_changes(text, changes)
        units = change_units(units, changes, (origin, event))

        runs = origins.runs
        assert sum(run.length for run in runs) == utf16_length(text)
        assert expand(runs) == units
        assert all(run.length > 0 for run in runs)
        writers = [(run.origin, run.event) for run in runs]
        assert all(one != two for one, two in pairwise(writers))


@given(histories(), st.lists(st.booleans(), min_size=12, max_size=12))
def test_runs_cover_the_text_exactly_where_some_edits_are_undo(
    history: tuple[str, list[Edit]], undone: list[bool]
) -> None:
    text, edits = history
    origins = TextOrigins(text, TextOrigin.STARTER, 1)

    for (changes, origin), is_undo in zip(edits, undone, strict=False):
        origins.change(changes, origin=origin, event=2, is_undo=is_undo)
        text = apply_changes(text, changes)

        assert sum(run.length for run in origins.runs) == utf16_length(text)
        assert all(run.length > 0 for run in origins.runs)


def change_units(
    units: list[tuple[TextOrigin, int]],
    changes: list[Any],
    writer: tuple[TextOrigin, int],
) -> list[tuple[TextOrigin, int]]:
    after: list[tuple[TextOrigin, int]] = []
    at = 0
    for part in changes:
        if isinstance(part, int):
            after += units[at : at + part]
            at += part
        else:
            after += [writer] * utf16_length("\n".join(part[1:]))
            at += part[0]
    return after


def expand(runs: Sequence[TextRun]) -> list[tuple[TextOrigin, int]]:
    return [(run.origin, run.event) for run in runs for _ in range(run.length)]


def test_deleted_text_put_in_again_is_of_who_puts_it_in() -> None:
    origins = TextOrigins("abcdef", TextOrigin.STARTER, 1)

    origins.change([2, [2], 2], origin=TextOrigin.TYPED, event=2)
    assert list(origins.runs) == [TextRun(4, TextOrigin.STARTER, 1)]

    origins.change([2, [0, "😀"], 2], origin=TextOrigin.TYPED, event=3)
    assert list(origins.runs) == [
        TextRun(2, TextOrigin.STARTER, 1),
        TextRun(2, TextOrigin.TYPED, 3),
        TextRun(2, TextOrigin.STARTER, 1),
    ]


@given(histories(), st.data())
def test_undo_of_everything_deleted_brings_its_runs_back(
    history: tuple[str, list[Edit]], data: st.DataObject
) -> None:
    text, edits = history
    origins = TextOrigins(text, TextOrigin.STARTER, 1)
    for event, (changes, origin) in enumerate(edits, start=2):
        origins.change(changes, origin=origin, event=event)
        text = apply_changes(text, changes)
    length = utf16_length(text)
    origins.change([length, [0, "."]], origin=TextOrigin.TYPED, event=97)
    text, length = f"{text}.", length + 1
    before = origins.runs
    at = data.draw(st.integers(0, length))

    at_once: list[list[Any]] = [[[length]]]
    from_the_end: list[list[Any]] = [[at, [length - at]], [[at]]]
    for changes in data.draw(st.sampled_from([at_once, from_the_end])):
        origins.change(changes, origin=TextOrigin.TYPED, event=98)
    assert origins.runs == ()
    back = [[0, *text.split("\n")]]
    origins.change(back, origin=TextOrigin.TYPED, event=99, is_undo=True)

    assert origins.runs == before


def test_undo_of_some_of_what_was_deleted() -> None:
    origins = TextOrigins("abcd", TextOrigin.STARTER, 1)
    origins.change([2, [0, "XX"], 2], origin=TextOrigin.PASTED_OUTSIDE, event=2)
    backspaces: list[list[Any]] = [[4, [1], 1], [3, [1], 1], [2, [1], 1]]
    for changes in backspaces:
        origins.change(changes, origin=TextOrigin.TYPED, event=3)

    origins.change([2, [0, "Xc"], 1], origin=TextOrigin.TYPED, event=4, is_undo=True)

    assert origins.runs == (
        TextRun(2, TextOrigin.STARTER, 1),
        TextRun(1, TextOrigin.PASTED_OUTSIDE, 2),
        TextRun(2, TextOrigin.STARTER, 1),
    )


def test_undo_of_like_texts_brings_back_each_its_own() -> None:
    origins = TextOrigins("a", TextOrigin.STARTER, 1)
    origins.change([1, [0, "a"]], origin=TextOrigin.PASTED_OUTSIDE, event=2)
    before = origins.runs
    deletions: list[list[Any]] = [[1, [1]], [[1]]]
    for changes in deletions:
        origins.change(changes, origin=TextOrigin.TYPED, event=3)

    undone: list[list[Any]] = [[[0, "a"]], [1, [0, "a"]]]
    for changes in undone:
        origins.change(changes, origin=TextOrigin.TYPED, event=4, is_undo=True)

    assert origins.runs == before


def test_undo_that_brings_back_something_unknown_counts_as_typed() -> None:
    origins = TextOrigins("ab", TextOrigin.STARTER, 1)
    origins.change([[2]], origin=TextOrigin.TYPED, event=2)

    origins.change([[0, "ba"]], origin=TextOrigin.TYPED, event=3, is_undo=True)

    assert origins.runs == (TextRun(2, TextOrigin.TYPED, 3),)


@pytest.mark.parametrize("changes", [[3], [5], [[1], 4], [2, "x"], None], ids=repr)
def test_change_of_another_text_is_refused_and_changes_nothing(changes: Any) -> None:
    origins = TextOrigins("abcd", TextOrigin.STARTER, 1)

    with pytest.raises(BadChangesError):
        origins.change(changes, origin=TextOrigin.TYPED, event=2)

    assert origins.runs == (TextRun(4, TextOrigin.STARTER, 1),)


@pytest.mark.parametrize(
    ("kind", "source", "expected"),
    [
        ("paste", "inside", TextOrigin.PASTED_INSIDE),
        ("drop", "outside", TextOrigin.PASTED_OUTSIDE),
        ("move", "inside", TextOrigin.PASTED_INSIDE),
        ("undo", "inside", TextOrigin.TYPED),
    ],
)
def test_input_tells_the_origin(kind: str, source: str, expected: TextOrigin) -> None:
    assert origin_of_input({"kind": kind, "size": 1, "source": source}) == expected
