"""Where every character of a text came from, kept through edits.

Runs count UTF-16 code units, as change sets do.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from interviews.enums import TextOrigin
from interviews.workspace.changes import read_part
from interviews.workspace.errors import BadChangesError

# What Undo may bring back: so many deletions, so many bytes of them.
MOST_REMOVALS = 200
MOST_REMOVED_BYTES = 8_000_000
# Deletions in a row are one up to this size, as an editor undoes them.
JOINED_BYTES = 16_000
_PASTED = {
    "inside": TextOrigin.PASTED_INSIDE,
    "outside": TextOrigin.PASTED_OUTSIDE,
}


@dataclass(frozen=True)
class TextRun:
    """Neighbouring units of one origin, put in by one event of the timeline."""

    length: int
    origin: TextOrigin
    event: int


def origin_of_input(told: Mapping[str, Any] | None) -> TextOrigin:
    """Return the origin of a candidate's text from an update's `input`.

    None is typing. So is Undo, where it brings back what nothing is known of.
    """
    if told is None or told["kind"] == "undo":
        return TextOrigin.TYPED
    return _PASTED[told["source"]]


class TextOrigins:
    """The runs of one text; they cover it exactly, after any change set."""

    def __init__(self, text: str, origin: TextOrigin, event: int) -> None:
        self._text = text.encode("utf-16-le", "surrogatepass")
        length = len(self._text) // 2
        self._runs = [TextRun(length, origin, event)] if length else []
        # A run and where it begins: edits are mostly near the one before.
        self._near = (0, 0)
        self._removals = _Removals()

    @property
    def runs(self) -> tuple[TextRun, ...]:
        """The runs in order; none is empty, no two neighbours are alike."""
        return tuple(self._runs)

    def pieces(self) -> Iterator[tuple[TextRun, str]]:
        """Yield every run with its text; half a surrogate pair reads as U+FFFD."""
        at = 0
        for run in self._runs:
            end = at + 2 * run.length
            yield run, self._text[at:end].decode("utf-16-le", "replace")
            at = end

    def change(
        self,
        changes: object,
        *,
        origin: TextOrigin,
        event: int,
        is_undo: bool = False,
    ) -> None:
        """Take a change set over; what it puts in came from `origin` with `event`.

        With `is_undo`, text that was deleted before gets back the runs it had. Raises
        BadChangesError, and changes nothing, if it is not a change set of this text.
        """
        if not isinstance(changes, list):
            raise BadChangesError
        parts = [read_part(part) for part in changes]
        if 2 * sum(length for length, _text in parts) != len(self._text):
            raise BadChangesError
        pieces: list[bytes] = []
        at = at_old = 0
        for length, text in parts:
            old = self._text[2 * at_old : 2 * (at_old + length)]
            at_old += length
            pieces.append(old if text is None else text)
            if text is not None:
                known = self._removals.take(text) if is_undo else None
                new = [TextRun(len(text) // 2, origin, event)] if text else []
                gone = self._replace(at, length, known or new)
                self._removals.add(at, old, gone, is_replaced=bool(text))
            at += len(pieces[-1]) // 2
        self._text = b"".join(pieces)

    def _replace(
        self, at: int, removed: int, put_in: Sequence[TextRun]
    ) -> list[TextRun]:
        """Put runs in place of so many units from `at`; return the ones that went."""
        start, end = self._split(at), self._split(at + removed)
        low, high = max(start - 1, 0), end + 1
        before, after = self._runs[low:start], self._runs[end:high]
        gone = self._runs[start:end]
        self._near = (low, at - sum(run.length for run in before))
        self._runs[low:high] = _join([*before, *put_in, *after])
        return gone

    def _split(self, at: int) -> int:
        """Return the index of the run that begins at `at`, made to if need be."""
        index, begin = self._near
        while begin > at:
            index -= 1
            begin -= self._runs[index].length
        while index < len(self._runs) and begin + self._runs[index].length <= at:
            begin += self._runs[index].length
            index += 1
        self._near = (index, begin)
        if begin == at:
            return index
        run = self._runs[index]
        left = at - begin
        self._runs[index : index + 1] = [
            replace(run, length=left),
            replace(run, length=run.length - left),
        ]
        return index + 1


@dataclass(frozen=True)
class _Removal:
    """Deleted text and its runs; the part deleted last is at its end or `at_start`."""

    at: int
    text: bytes
    runs: list[TextRun]
    at_start: bool = True


class _Removals:
    """The latest deletions with the runs they took away."""

    def __init__(self) -> None:
        self._items: deque[_Removal] = deque()
        self._size = 0
        # Whether the next deletion may belong to the last one.
        self._is_open = False

    def add(
        self, at: int, text: bytes, runs: list[TextRun], *, is_replaced: bool
    ) -> None:
        """Remember what was deleted at `at`, if anything was."""
        if text:
            new = _Removal(at, text, runs)
            joined = None if is_replaced else self._join_last(new)
            self._items.append(joined or new)
            self._size += len(text)
        self._is_open = bool(text) and not is_replaced
        while len(self._items) > MOST_REMOVALS or self._size > MOST_REMOVED_BYTES:
            self._size -= len(self._items.popleft().text)

    def _join_last(self, new: _Removal) -> _Removal | None:
        """Take the last one out and return both as one, if they touch."""
        last = self._items[-1] if self._items and self._is_open else None
        if last is None or len(last.text) + len(new.text) > JOINED_BYTES:
            return None
        if new.at == last.at:
            text, runs, at_start = last.text + new.text, [*last.runs, *new.runs], False
        elif new.at + len(new.text) // 2 == last.at:
            text, runs, at_start = new.text + last.text, [*new.runs, *last.runs], True
        else:
            return None
        self._items.pop()
        return _Removal(new.at, text, runs, at_start)

    def take(self, text: bytes) -> list[TextRun] | None:
        """Return the runs of this text when it was deleted last; it is so no more."""
        if not text:
            return None
        for index in range(len(self._items) - 1, -1, -1):
            item = self._items[index]
            at = _find_units(item.text, text, from_start=item.at_start)
            if at < 0:
                continue
            end = at + len(text) // 2
            rest = item.text[: 2 * at] + item.text[2 * end :]
            left = [*_cut(item.runs, 0, at), *_cut(item.runs, end, len(item.text))]
            self._items[index] = replace(item, text=rest, runs=left)
            self._size -= len(text)
            self._is_open = False
            return _cut(item.runs, at, end)
        return None


def _find_units(text: bytes, part: bytes, *, from_start: bool) -> int:
    """Return the first or last unit at which `part` begins, or -1."""
    at = text.find(part) if from_start else text.rfind(part)
    # A unit has two bytes; between them nothing begins.
    while at >= 0 and at % 2:
        at = (
            text.find(part, at + 1)
            if from_start
            else text.rfind(part, 0, at + len(part) - 1)
        )
    return at // 2 if at >= 0 else -1


def _cut(runs: Iterable[TextRun], start: int, end: int) -> list[TextRun]:
    """Return the part of the runs from one unit to another."""
    kept: list[TextRun] = []
    begin = 0
    for run in runs:
        length = min(end, begin + run.length) - max(start, begin)
        if length > 0:
            kept.append(replace(run, length=length))
        begin += run.length
    return kept


def _join(runs: list[TextRun]) -> list[TextRun]:
    joined: list[TextRun] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and (last.origin, last.event) == (run.origin, run.event):
            joined[-1] = replace(last, length=last.length + run.length)
        else:
            joined.append(run)
    return joined
