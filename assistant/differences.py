"""How two wordings differ: lines with numbers, and the words within them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from typing import Literal

CONTEXT_LINES = 3
# Above this many words the marks within lines would take long and say little.
_MAX_WORDS = 4000
# Lines with less in common than this are other lines, not changed ones.
_ALIKE = 0.35
_WORD = re.compile(r"\w+|\n|[^\S\n]+|[^\w\s]")

Kind = Literal["same", "removed", "added", "gap"]


@dataclass(frozen=True)
class Part:
    """A piece of a line; `is_marked` says that this is what changed."""

    text: str
    is_marked: bool = False


@dataclass(frozen=True)
class Line:
    """A line of the difference; a gap stands for `count` lines that are the same."""

    kind: Kind
    parts: tuple[Part, ...] = ()
    before: int | None = None
    after: int | None = None
    count: int = 0


def unified(before: str, after: str, *, names: tuple[str, str]) -> str:
    """Return a unified diff as text, empty when nothing differs."""
    lines = unified_diff(
        before.splitlines(), after.splitlines(), *names, lineterm="", n=CONTEXT_LINES
    )
    return "\n".join(lines)


def compare(before: str, after: str) -> list[Line]:
    """Return the lines of both, what they share in between shortened; [] if equal."""
    old, new = before.splitlines(), after.splitlines()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    opcodes = matcher.get_opcodes()
    if all(tag == "equal" for tag, *_rest in opcodes):
        return []
    lines: list[Line] = []
    for at, (tag, i1, i2, j1, j2) in enumerate(opcodes):
        if tag == "equal":
            keep_head = CONTEXT_LINES if at else 0
            keep_tail = CONTEXT_LINES if at < len(opcodes) - 1 else 0
            lines += _shared(old[i1:i2], i1, j1, keep_head, keep_tail)
        else:
            lines += _changed(old[i1:i2], new[j1:j2], i1, j1)
    return lines


def _shared(
    lines: Sequence[str], before: int, after: int, head: int, tail: int
) -> Iterator[Line]:
    hidden = len(lines) - head - tail
    for at, text in enumerate(lines):
        # A gap in the place of one line would save nothing.
        if hidden > 1 and head <= at < len(lines) - tail:
            if at == head:
                yield Line("gap", count=hidden)
            continue
        yield Line("same", (Part(text),), before + at + 1, after + at + 1)


def _changed(
    old: Sequence[str], new: Sequence[str], before: int, after: int
) -> Iterator[Line]:
    removed, added = _mark_words("\n".join(old), "\n".join(new))
    for at in range(len(old)):
        yield Line("removed", tuple(removed[at]), before=before + at + 1)
    for at in range(len(new)):
        yield Line("added", tuple(added[at]), after=after + at + 1)


def _mark_words(old: str, new: str) -> tuple[list[list[Part]], list[list[Part]]]:
    """Return the parts of each line of both texts."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    if not (old and new) or max(len(before), len(after)) > _MAX_WORDS:
        return _plain(old), _plain(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return _plain(old), _plain(new)
    removed: list[Part] = []
    added: list[Part] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        is_marked = tag != "equal"
        removed.append(Part("".join(before[i1:i2]), is_marked))
        added.append(Part("".join(after[j1:j2]), is_marked))
    return _split(removed), _split(added)


def _plain(text: str) -> list[list[Part]]:
    return [[Part(line)] for line in text.split("\n")]


def _split(parts: Sequence[Part]) -> list[list[Part]]:
    lines: list[list[Part]] = [[]]
    for part in parts:
        for at, piece in enumerate(part.text.split("\n")):
            if at:
                lines.append([])
            if piece:
                lines[-1].append(Part(piece, part.is_marked))
    return lines
