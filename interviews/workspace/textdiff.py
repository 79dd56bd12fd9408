"""What changed between two texts, in time that grows with their length only.

Lines that each text has once, in the same order, are held to be the same line; what
lies between two of them was replaced. So it is never quadratic, whoever wrote the texts.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from base.text import utf16_length
from interviews.workspace.changes import Changes, common_prefix

# Above, the two texts count as one replacement: it takes long to say more.
MOST_LINES = 20_000
_MOST_DEPTH = 6
# Words are compared each with each, in small replacements, and so many times in all.
_HUNK_CELLS = 20_000
_MOST_CELLS = 100_000
_WORDY_CHARS = 2_000
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"\w+|\W")


@dataclass(frozen=True, slots=True)
class Hunk:
    """`old[start:end]` became `text`; offsets count characters."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines of both texts from one number to another."""

    low: int
    high: int
    new_low: int
    new_high: int


def diff_changes(old: str, new: str) -> Changes:
    """Return a change set that turns `old` into `new`, as small as was found."""
    return hunks_as_changes(old, [*_refine_all(old, diff_lines(old, new))])


def diff_lines(old: str, new: str) -> list[Hunk]:
    """Return the whole lines that were replaced, in order."""
    start, end, new_end = _cut_ends(old, new)
    middle, new_middle = old[start:end], new[start:new_end]
    if not middle and not new_middle:
        return []
    if max(middle.count("\n"), new_middle.count("\n")) > MOST_LINES:
        return [Hunk(start, end, new_middle)]
    lines, new_lines = _LINE.findall(middle), _LINE.findall(new_middle)
    offsets = [start]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    return [
        Hunk(
            offsets[found.low],
            offsets[found.high],
            "".join(new_lines[found.new_low : found.new_high]),
        )
        for found in _compare(lines, new_lines)
    ]


def _cut_ends(old: str, new: str) -> tuple[int, int, int]:
    """Return where the first line that differs begins, and the last one ends in each."""
    start = old.rfind("\n", 0, common_prefix(old, new)) + 1
    tail = common_prefix(old[start:][::-1], new[start:][::-1])
    end, new_end = len(old) - tail, len(new) - tail
    if not (_begins_line(old, end, start) and _begins_line(new, new_end, start)):
        line_end = old.find("\n", end)
        skipped = tail if line_end < 0 else line_end + 1 - end
        end, new_end = end + skipped, new_end + skipped
    return start, end, new_end


def _begins_line(text: str, at: int, start: int) -> bool:
    return at == start or text[at - 1] == "\n"


def _compare(lines: Sequence[str], new_lines: Sequence[str]) -> list[_Lines]:
    """Return the ranges that differ, in order."""
    found: list[_Lines] = []
    waiting = [(_Lines(0, len(lines), 0, len(new_lines)), _MOST_DEPTH)]
    while waiting:
        area, depth = waiting.pop()
        area = _shrink(lines, new_lines, area)
        if area.low == area.high and area.new_low == area.new_high:
            continue
        anchors = _find_anchors(lines, new_lines, area) if depth else []
        if anchors:
            gaps = _gaps(area, anchors)
            waiting += [(gap, depth - 1) for gap in reversed([*gaps])]
        else:
            found.append(area)
    return found


def _shrink(lines: Sequence[str], new_lines: Sequence[str], area: _Lines) -> _Lines:
    """Leave out equal lines at both ends."""
    low, high, new_low, new_high = area.low, area.high, area.new_low, area.new_high
    while low < high and new_low < new_high and lines[low] == new_lines[new_low]:
        low, new_low = low + 1, new_low + 1
    while low < high and new_low < new_high:
        if lines[high - 1] != new_lines[new_high - 1]:
            break
        high, new_high = high - 1, new_high - 1
    return _Lines(low, high, new_low, new_high)


def _find_anchors(
    lines: Sequence[str], new_lines: Sequence[str], area: _Lines
) -> list[tuple[int, int]]:
    """Return pairs of line numbers that are the same line, rising on both sides."""
    counts = Counter(lines[area.low : area.high])
    new_counts = Counter(new_lines[area.new_low : area.new_high])
    places = {
        line: number
        for number, line in enumerate(
            new_lines[area.new_low : area.new_high], area.new_low
        )
        if new_counts[line] == 1 and counts.get(line) == 1
    }
    pairs = [
        (number, places[line])
        for number, line in enumerate(lines[area.low : area.high], area.low)
        if line in places
    ]
    return _longest_rise(pairs)


def _longest_rise(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest part whose second numbers rise; the first ones do already."""
    ends: list[int] = []
    ends_at: list[int] = []
    before: list[int] = []
    for index, (_number, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(ends_at[length - 1] if length else -1)
        ends[length : length + 1] = [place]
        ends_at[length : length + 1] = [index]
    rise: list[tuple[int, int]] = []
    index = ends_at[-1] if ends_at else -1
    while index >= 0:
        rise.append(pairs[index])
        index = before[index]
    return rise[::-1]


def _gaps(area: _Lines, anchors: Sequence[tuple[int, int]]) -> Iterator[_Lines]:
    low, new_low = area.low, area.new_low
    for number, new_number in [*anchors, (area.high, area.new_high)]:
        yield _Lines(low, number, new_low, new_number)
        low, new_low = number + 1, new_number + 1


def _refine_all(old: str, hunks: Sequence[Hunk]) -> Iterator[Hunk]:
    """Make each replacement as small as there is time for."""
    cells = _MOST_CELLS
    for hunk in hunks:
        for line in _pair_lines(old, hunk):
            small = _trim(old, line)
            if not (small.text or small.start < small.end):
                continue
            words, new_words = _split_words(old, small)
            area = len(words) * len(new_words)
            if 0 < area <= min(cells, _HUNK_CELLS):
                cells -= area
                yield from _align(words, new_words, small.start)
            else:
                yield small


def _split_words(old: str, hunk: Hunk) -> tuple[list[str], list[str]]:
    """Return the words of both sides, none where there is too much to compare."""
    if max(hunk.end - hunk.start, len(hunk.text)) > _WORDY_CHARS:
        return [], []
    return _WORD.findall(old, hunk.start, hunk.end), _WORD.findall(hunk.text)


def _pair_lines(old: str, hunk: Hunk) -> Iterator[Hunk]:
    """Lines that are as many as before are taken to be the same ones."""
    count = old.count("\n", hunk.start, hunk.end)
    if not count == hunk.text.count("\n") <= MOST_LINES:
        yield hunk
        return
    lines = _LINE.findall(old, hunk.start, hunk.end)
    new_lines = _LINE.findall(hunk.text)
    if len(lines) != len(new_lines):
        yield hunk
        return
    at = hunk.start
    for line, new_line in zip(lines, new_lines, strict=True):
        yield Hunk(at, at + len(line), new_line)
        at += len(line)


def _trim(old: str, hunk: Hunk) -> Hunk:
    """Leave out what both begin and end with."""
    text, new = old[hunk.start : hunk.end], hunk.text
    head = common_prefix(text, new)
    tail = common_prefix(text[head:][::-1], new[head:][::-1])
    return Hunk(hunk.start + head, hunk.end - tail, new[head : len(new) - tail])


def _align(
    words: Sequence[str], new_words: Sequence[str], start: int
) -> Iterator[Hunk]:
    """Keep the most words that can be kept; `start` is where the old ones begin."""
    kept = _count_kept(words, new_words)
    at, row, column = start, 0, 0
    hunk_at, text = start, ""
    while row < len(words) or column < len(new_words):
        rest = kept[row][column]
        if row < len(words) and kept[row + 1][column] == rest:
            at += len(words[row])
            row += 1
        elif column < len(new_words) and kept[row][column + 1] == rest:
            text += new_words[column]
            column += 1
        else:
            if text or hunk_at < at:
                yield Hunk(hunk_at, at, text)
            at += len(words[row])
            row, column = row + 1, column + 1
            hunk_at, text = at, ""
    if text or hunk_at < at:
        yield Hunk(hunk_at, at, text)


def _count_kept(words: Sequence[str], new_words: Sequence[str]) -> list[list[int]]:
    """Return, for each pair of places, how many words can be kept from there on."""
    rows = [[0] * (len(new_words) + 1)]
    for word in reversed(words):
        below, row = rows[-1], [0]
        for column in range(len(new_words) - 1, -1, -1):
            if word == new_words[column]:
                row.append(below[column + 1] + 1)
            else:
                row.append(max(below[column], row[-1]))
        rows.append(row[::-1])
    return rows[::-1]


def hunks_as_changes(old: str, hunks: Sequence[Hunk]) -> Changes:
    """Return the change set of replacements that follow each other in `old`."""
    changes: Changes = []
    at = 0
    for hunk in [*hunks, Hunk(len(old), len(old), "")]:
        kept = utf16_length(old[at : hunk.start])
        if kept:
            changes.append(kept)
        removed = utf16_length(old[hunk.start : hunk.end])
        if hunk.text:
            changes.append([removed, *hunk.text.split("\n")])
        elif removed:
            changes.append([removed])
        at = hunk.end
    return changes
