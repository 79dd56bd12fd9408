"""Parts of a proposed edit: found, split, moved along, put in."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.proposals.edits import EditError, TextEdit, read_edits
from assistant.proposals.fate import Fate, add_up, count_kept
from assistant.proposals.hunks import (
    Part,
    count_inserted,
    count_lines,
    locate,
    move_range,
    place_edits,
    put_in,
    replace_all,
    split_change,
    split_hunks,
)
from base.text import utf16_length
from interviews.enums import TextOrigin
from interviews.workspace.changes import Changes, apply_changes
from interviews.workspace.changesets import compose_changes
from interviews.workspace.origins import TextOrigins
from interviews.workspace.textdiff import Hunk, diff_changes

BASE = "import os\n\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n"


def apply_edits(path: str, text: str, edits: list[TextEdit]) -> str:
    return replace_all(text, place_edits(path, text, edits))


def edit(old: str, new: str, line: int | None = None) -> TextEdit:
    return TextEdit(old_text=old, new_text=new, line=line)


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ([edit("return 3", "return 4")], "not in the file"),
        ([edit("    return", "  return")], "several places (lines 5, 9)"),
        ([edit("", "x")], "old_text is empty"),
        ([edit("return 1", "x"), edit("1\n", "2\n")], "overlap"),
    ],
    ids=["absent", "several", "empty", "overlapping"],
)
def test_edits_that_are_not_exact_are_refused_with_the_reason(
    edits: list[TextEdit], words: str
) -> None:
    with pytest.raises(EditError) as refusal:
        apply_edits("a.py", BASE, edits)
    assert words in str(refusal.value)


def test_line_says_which_of_several_places_is_meant() -> None:
    changed = apply_edits("a.py", BASE, [edit("    return", "    yield", 8)])
    assert changed == BASE.replace("return 2", "yield 2")


def test_edit_of_an_empty_file_needs_no_old_text() -> None:
    assert apply_edits("a.py", "", [edit("", "x = 1\r\n")]) == "x = 1\n"


def test_change_is_split_where_lines_in_between_stay() -> None:
    new = BASE.replace("return 1", "return 10").replace("return 2", "return 20")
    assert [(part.line, part.old, part.new) for part in split_change(BASE, new)] == [
        (5, "    return 1\n", "    return 10\n"),
        (9, "    return 2\n", "    return 20\n"),
    ]


def test_changes_close_together_are_decided_together() -> None:
    new = BASE.replace("def one", "def uno").replace("return 1", "return 10")
    assert len(split_change(BASE, new)) == 1
    assert count_lines(BASE, new) == (2, 2)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ([[0, "ab"], 9], (5, 8)),
        ([3, [0, "ab"], 6], (5, 8)),
        ([6, [0, "ab"], 3], (3, 6)),
        ([[3], 6], (0, 3)),
        ([4, [0, "ab"], 5], None),
        ([2, [2, "ab"], 5], None),
        ([5, [3], 1], None),
        ([6, [3], 0], (3, 6)),
    ],
    ids=[
        "put-in-before",
        "put-in-at-the-start",
        "put-in-at-the-end",
        "removed-before",
        "put-in-inside",
        "removed-over-the-start",
        "removed-over-the-end",
        "removed-behind",
    ],
)
def test_range_moves_along_unless_it_was_changed_inside(
    changes: Changes, place: tuple[int, int] | None
) -> None:
    assert move_range(changes, 3, 6) == place


def test_lines_that_were_moved_as_a_whole_are_found_again() -> None:
    old = "def one():\n    return 1\n"
    text = BASE.replace(old, "") + old
    start = utf16_length(BASE[: BASE.index(old)])
    place = locate(
        old,
        start,
        start + len(old),
        base=BASE,
        changes=[
            start,
            [len(old)],
            len(BASE) - start - len(old),
            [0, *old.split("\n")],
        ],
        text=text,
    )
    assert place == (len(text) - len(old), len(text))


def test_lines_with_a_double_are_not_mistaken_for_each_other() -> None:
    base = "a\nsame\nb\nsame\nc\n"
    text = "a\nother\nb\nsame\nc\n"
    changes = diff_changes(base, text)
    assert locate("same\n", 2, 7, base=base, changes=changes, text=text) is None


LINES = st.lists(
    st.sampled_from(["a\n", "b\n", "c = 1\n", "\n", "été 😀\n", "    return x\n"]),
    max_size=12,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(base=LINES, new=LINES, data=st.data())
def test_parts_in_any_order_make_the_text_that_was_proposed(
    base: str, new: str, data: st.DataObject
) -> None:
    parts = split_change(base, new)
    accepted = (
        data.draw(st.lists(st.sampled_from(range(len(parts))), unique=True))
        if (parts)
        else []
    )
    text, _since = accept(base, [parts[number] for number in accepted])
    assert text == expected(base, [parts[number] for number in sorted(accepted)])


def test_replacements_far_apart_are_parts_of_their_own() -> None:
    base = "a = 1\n\n\n\nb = 1\n"
    hunks = place_edits("a.py", base, [edit("a = 1", "a = 2"), edit("b = 1", "b = 2")])
    assert [part.line for part in split_hunks(base, hunks)] == [1, 5]
    assert len(split_change(base, replace_all(base, hunks))) == 1


@settings(max_examples=150, deadline=None)
@given(base=LINES, data=st.data())
def test_replacements_anywhere_make_the_same_text_in_parts(
    base: str, data: st.DataObject
) -> None:
    places = st.lists(st.integers(0, len(base)), max_size=8)
    ends = sorted(data.draw(places))
    hunks = [
        Hunk(start, end, data.draw(st.sampled_from(["", "x", "x\n", "\ny", "a\nb\n"])))
        for start, end in zip(ends[::2], ends[1::2], strict=False)
    ]
    parts = split_hunks(base, hunks)
    assert accept(base, parts)[0] == replace_all(base, hunks)


@settings(max_examples=150, deadline=None)
@given(base=LINES, new=LINES, typed=LINES, order=st.randoms(use_true_random=False))
def test_parts_never_write_over_what_was_typed_meanwhile(
    base: str, new: str, typed: str, order: object
) -> None:
    parts = split_change(base, new)
    order.shuffle(parts)  # type: ignore[attr-defined]
    since = diff_changes(base, typed)
    text = typed
    for part in parts:
        place = locate(
            part.old, part.start, part.end, base=base, changes=since, text=text
        )
        if place is None:
            continue
        changes = put_in(text, *place, part.new)
        after = apply_changes(text, changes)
        units = text.encode("utf-16-le")
        left, right = 2 * place[0], 2 * place[1]
        assert units[left:right].decode("utf-16-le") == part.old
        assert after.encode("utf-16-le") == (
            units[:left] + part.new.encode("utf-16-le") + units[right:]
        )
        since, text = compose_changes(since, changes), after


def accept(base: str, parts: list[Part]) -> tuple[str, Changes]:
    length = utf16_length(base)
    text = base
    since: Changes = [length] if length else []
    for part in parts:
        place = locate(
            part.old, part.start, part.end, base=base, changes=since, text=text
        )
        assert place is not None
        changes = put_in(text, *place, part.new)
        text, since = apply_changes(text, changes), compose_changes(since, changes)
    return text, since


def expected(base: str, parts: list[Part]) -> str:
    units = base.encode("utf-16-le")
    ends = [0, *itertools.chain(*[(2 * p.start, 2 * p.end) for p in parts]), len(units)]
    kept = [units[ends[at] : ends[at + 1]] for at in range(0, len(ends), 2)]
    put = [part.new.encode("utf-16-le") for part in parts]
    pieces = itertools.chain(*itertools.zip_longest(kept, put, fillvalue=b""))
    return b"".join(pieces).decode("utf-16-le")


def test_unchanged_words_of_a_part_stay_whose_they_are() -> None:
    changes = put_in("x = one + 2\n", 0, 12, "x = one + two\n")
    assert count_inserted(changes) == 3


@pytest.mark.parametrize(
    "edits",
    [
        [],
        [{"path": "a.py"}],
        [{"path": "a.py", "text": "x", "delete": True}],
        [{"path": "a.py", "text": "x"}, {"path": "a.py", "delete": True}],
        [{"text": "x"}],
        ["a.py"],
        [{"path": "a.py", "text": "x" * 100_001}],
        [{"path": f"{n}.py", "text": "x"} for n in range(11)],
    ],
    ids=["none", "bare", "both", "twice", "pathless", "string", "long", "many"],
)
def test_edits_of_another_shape_are_refused(edits: list[object]) -> None:
    with pytest.raises(EditError):
        read_edits(edits)


def test_fate_counts_what_is_left_of_each_edit() -> None:
    origins = TextOrigins("abc", TextOrigin.STARTER, 1)
    origins.change([3, [0, "defghi"]], origin=TextOrigin.ASSISTANT, event=2)
    origins.change([4, [4, "X"], 1], origin=TextOrigin.TYPED, event=3)
    fates = count_kept([origins], {2: 6, 9: 10})
    assert fates == {2: Fate(6, 2), 9: Fate(10, 0)}
    assert add_up(fates.values()).percent == pytest.approx(12.5)
