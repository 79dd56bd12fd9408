"""Parts of a change: found in a text, moved along with it, put into it.

Offsets count UTF-16 code units, as change sets do; parts are whole lines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.proposals.edits import EditError, TextEdit
from base.text import utf16_length, utf16_slice
from interviews.workspace.changes import (
    Changes,
    clean_text,
    normalise_lines,
    read_part,
)
from interviews.workspace.changesets import parse_changes
from interviews.workspace.textdiff import Hunk, diff_changes, diff_lines

# Changes with fewer unchanged lines between them are decided together.
_LINES_APART = 2
_MOST_PLACES = 20


@dataclass(frozen=True)
class Part:
    """`old` from `start` to `end`, which begins in `line` (from 1), becomes `new`."""

    start: int
    end: int
    line: int
    old: str
    new: str


def clean(text: str) -> str:
    """Return a text as documents have it."""
    return clean_text(normalise_lines(text))


def place_edits(path: str, text: str, edits: Iterable[TextEdit]) -> list[Hunk]:
    """Return exact replacements, each made for the text as it is, in order.

    Raises EditError for one that is not found, or in several places, or that
    overlaps another.
    """
    found = sorted(
        (_find(path, text, edit, number) for number, edit in enumerate(edits, 1)),
        key=lambda hunk: (hunk.start, hunk.end),
    )
    for hunk, following in pairwise(found):
        if following.start < hunk.end:
            raise EditError(f"{path}: two replacements overlap. Make them one.")
    return found


def replace_all(text: str, hunks: Iterable[Hunk]) -> str:
    """Return the text after replacements that follow each other."""
    pieces: list[str] = []
    at = 0
    for hunk in hunks:
        pieces += [text[at : hunk.start], hunk.text]
        at = hunk.end
    return "".join([*pieces, text[at:]])


def _find(path: str, text: str, edit: TextEdit, number: int) -> Hunk:
    old, new = clean(edit.old_text), clean(edit.new_text)
    where = f"{path}, replacement {number}"
    if not old and text:
        raise EditError(f"{where}: old_text is empty. Quote the lines around it.")
    places = _list_places(text, old)
    if not places:
        raise EditError(
            f"{where}: old_text is not in the file as it is now. Read the file again "
            "and quote it exactly, with its spaces."
        )
    if len(places) > 1 and edit.line is not None:
        places = _nearest(text, places, edit.line)
    if len(places) > 1:
        lines = ", ".join(str(_line_of(text, place)) for place in places)
        raise EditError(
            f"{where}: old_text stands in several places (lines {lines}). Quote more "
            "of it, or give the line."
        )
    return Hunk(places[0], places[0] + len(old), new)


def _list_places(text: str, old: str) -> list[int]:
    if not old:
        return [0]
    places: list[int] = []
    at = text.find(old)
    while at >= 0 and len(places) < _MOST_PLACES:
        places.append(at)
        at = text.find(old, at + 1)
    return places


def _nearest(text: str, places: Sequence[int], line: int) -> list[int]:
    far = {place: abs(_line_of(text, place) - line) for place in places}
    return [place for place in places if far[place] == min(far.values())]


def _line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def split_change(old: str, new: str) -> list[Part]:
    """Return what turns `old` into `new`, in parts that can be decided one by one."""
    return _as_parts(old, diff_lines(old, new))


def split_hunks(old: str, hunks: Iterable[Hunk]) -> list[Part]:
    """Do the same for replacements that follow each other, keeping them apart."""
    found: list[Hunk] = []
    for lines in _widen(old, hunks):
        for inner in diff_lines(old[lines.start : lines.end], lines.text):
            start, end = lines.start + inner.start, lines.start + inner.end
            found.append(Hunk(start, end, inner.text))
    return _as_parts(old, found)


def _widen(old: str, hunks: Iterable[Hunk]) -> list[Hunk]:
    """Return the replacements as ones of whole lines."""
    wide: list[Hunk] = []
    for hunk in hunks:
        start = old.rfind("\n", 0, hunk.start) + 1
        text = old[start : hunk.start] + hunk.text
        if wide and wide[-1].end > start:
            last = wide.pop()
            # It reached into the line that this one begins in.
            kept = len(last.text) - (last.end - hunk.start)
            start, text = last.start, last.text[:kept] + hunk.text
        end = hunk.end
        if not text.endswith("\n") or not _begins_line(old, end):
            line_end = old.find("\n", end)
            end = len(old) if line_end < 0 else line_end + 1
        wide.append(Hunk(start, end, text + old[hunk.end : end]))
    return wide


def _begins_line(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] == "\n"


def _as_parts(old: str, hunks: Iterable[Hunk]) -> list[Part]:
    joined: list[Hunk] = []
    for hunk in hunks:
        between = old[joined[-1].end : hunk.start] if joined else ""
        if joined and between.count("\n") < _LINES_APART:
            last = joined.pop()
            hunk = Hunk(last.start, hunk.end, last.text + between + hunk.text)
        joined.append(hunk)
    return [
        Part(
            start=utf16_length(old[: hunk.start]),
            end=utf16_length(old[: hunk.end]),
            line=_line_of(old, hunk.start),
            old=old[hunk.start : hunk.end],
            new=hunk.text,
        )
        for hunk in joined
    ]


def move_range(changes: Changes, start: int, end: int) -> tuple[int, int] | None:
    """Return where a range is after a change set; None where it was changed inside.

    What is put in at either of its ends stays outside.
    """
    at = shift = 0
    for change in changes:
        length, inserted = read_part(change)
        if inserted is not None:
            if at + length <= start:
                shift += len(inserted) // 2 - length
            elif at < end:
                return None
        at += length
    return start + shift, end + shift


def locate(
    old: str, start: int, end: int, *, base: str, changes: Changes, text: str
) -> tuple[int, int] | None:
    """Return where a part stands in `text`, which `changes` made of `base`.

    None where its lines have changed. Lines that were moved, as a whole and without a
    double, are found again.
    """
    moved = move_range(changes, start, end)
    if moved is not None:
        return moved if utf16_slice(text, *moved) == old else None
    if not old or base.count(old) != 1 or len(_list_places(text, old)) != 1:
        return None
    first = utf16_length(text[: text.find(old)])
    return first, first + utf16_length(old)


def put_in(text: str, start: int, end: int, new: str) -> Changes:
    """Return the change set that makes `new` of a range, and keeps what stays."""
    old = utf16_slice(text, start, end)
    rest = utf16_length(text) - end
    return parse_changes([start, *diff_changes(old, new), rest])


def count_lines(old: str, new: str) -> tuple[int, int]:
    """Return how many lines come and how many go."""
    hunks = diff_lines(old, new)
    added = sum(_count(hunk.text) for hunk in hunks)
    return added, sum(_count(old[hunk.start : hunk.end]) for hunk in hunks)


def _count(text: str) -> int:
    return text.count("\n") + (1 if text and not text.endswith("\n") else 0)


def count_inserted(changes: Iterable[object]) -> int:
    """Return how many code units a change set puts in."""
    return sum(len(read_part(part)[1] or b"") // 2 for part in changes)
