"""What a command did to a file, brought into a document that may have moved on."""

from collections.abc import Iterator

from base.text import utf16_length
from interviews.workspace.changes import Changes, Part, read_part
from interviews.workspace.changesets import map_changes, parse_changes
from interviews.workspace.textdiff import (
    Hunk,
    diff_changes,
    diff_lines,
    hunks_as_changes,
)

# What one update puts in at most, in characters: pages take updates of this size.
MOST_INSERTED = 40_000


def merge_changes(base: str | None, disk: str, document: str) -> Changes:
    """Return what brings a file's change from `base` to `disk` into the document.

    What both put in at one place stays, the document's first; what either removed is
    gone. Without a base nobody knows what was removed: then nothing is.
    """
    if base is None:
        return _unite(document, disk)
    return map_changes(diff_changes(base, disk), diff_changes(base, document))


def _unite(document: str, disk: str) -> Changes:
    added = []
    for hunk in diff_lines(document, disk):
        before = document[: hunk.end]
        gap = "\n" if hunk.text and before and not before.endswith("\n") else ""
        added.append(Hunk(hunk.end, hunk.end, gap + hunk.text))
    return hunks_as_changes(document, added)


def split_changes(changes: Changes, most: int = MOST_INSERTED) -> list[Changes]:
    """Return change sets that do the same one after the other.

    Each puts in at most `most` characters; none is returned for what changes nothing.
    """
    parts = [*_cut_parts(changes, most)]
    left = sum(length for length, _text in parts)
    kept, size = 0, 0
    groups: list[list[tuple[int, str | None]]] = [[]]
    for length, text in parts:
        size += len(text or "")
        if size > most:
            groups.append([])
            size = len(text or "")
        groups[-1].append((length, text))
    result: list[Changes] = []
    for group in groups:
        left -= sum(length for length, _text in group)
        result.append(parse_changes([kept, *map(_write, group), left]))
        kept += sum(
            length if text is None else utf16_length(text) for length, text in group
        )
    return [item for item in result if any(isinstance(part, list) for part in item)]


def _cut_parts(changes: Changes, most: int) -> Iterator[tuple[int, str | None]]:
    """Give (units of the old text, what takes their place or None) in small pieces."""
    for part in changes:
        length, data = read_part(part)
        if data is None:
            yield length, None
            continue
        text = data.decode("utf-16-le", "surrogatepass")
        yield length, text[:most]
        for at in range(most, len(text), most):
            yield 0, text[at : at + most]


def _write(piece: tuple[int, str | None]) -> Part:
    length, text = piece
    return length if text is None else [length, *(text.split("\n") if text else [])]
