"""CodeMirror change sets in JSON, applied and built in UTF-16 code units.

A change set is a list that covers the whole text: `n` keeps n units,
`[n, "line", "line"…]` replaces n units by the lines, `[n]` deletes them.
"""

import json
import re
from typing import TypeAlias

from base.text import utf16_length
from interviews.workspace.errors import BadChangesError

Part: TypeAlias = int | list[int | str]
Changes: TypeAlias = list[Part]

REPLACEMENT_CHARACTER = "\ufffd"
_LINE_ENDS = re.compile(r"\r\n?")
# A database stores neither half of a surrogate pair nor the character zero.
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def apply_changes(text: str, *changes: object) -> str:
    """Return the text after these change sets, one after the other.

    Raises BadChangesError for anything that is not a change set of exactly the text
    before it. Half surrogate pairs are kept as they are; see `clean_text`.
    """
    units = text.encode("utf-16-le", "surrogatepass")
    for each in changes:
        units = _change_units(units, each)
    return units.decode("utf-16-le", "surrogatepass")


def _change_units(source: bytes, changes: object) -> bytes:
    if not isinstance(changes, list):
        raise BadChangesError
    result: list[bytes] = []
    at = 0
    for part in changes:
        length, inserted = read_part(part)
        end = at + 2 * length
        if end > len(source):
            raise BadChangesError
        result.append(source[at:end] if inserted is None else inserted)
        at = end
    if at != len(source):
        raise BadChangesError
    return b"".join(result)


def read_part(part: object) -> tuple[int, bytes | None]:
    """Return (units of the old text, UTF-16 put in their place or None to keep).

    Raises BadChangesError for anything that is not a part of a change set.
    """
    if not isinstance(part, list):
        return _read_length(part), None
    if not part:
        raise BadChangesError
    lines = part[1:]
    if not all(isinstance(line, str) for line in lines):
        raise BadChangesError
    if any("\n" in line or "\r" in line for line in lines):
        raise BadChangesError
    return _read_length(part[0]), "\n".join(lines).encode("utf-16-le", "surrogatepass")


def _read_length(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadChangesError
    return value


def make_replacement(text: str, start: int, end: int, inserted: str) -> Changes:
    """Return the change set that replaces `text[start:end]` (Python offsets)."""
    before = utf16_length(text[:start])
    removed = utf16_length(text[start:end])
    after = utf16_length(text[end:])
    changes: Changes = [before] if before else []
    if inserted:
        changes.append([removed, *inserted.split("\n")])
    elif removed:
        changes.append([removed])
    if after:
        changes.append(after)
    return changes


def make_update(old: str, new: str) -> Changes:
    """Return the smallest single replacement that turns `old` into `new`."""
    start = common_prefix(old, new)
    tail = common_prefix(old[start:][::-1], new[start:][::-1])
    end = len(old) - tail
    return make_replacement(old, start, end, new[start : len(new) - tail])


def common_prefix(one: str, other: str) -> int:
    """Return how many characters both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def make_append(text: str, added: str) -> Changes:
    """Return the change set that puts `added` on lines of its own at the end."""
    gap = "\n" if text and not text.endswith("\n") else ""
    return make_replacement(text, len(text), len(text), f"{gap}{added}")


def make_insert(text: str, line: int, added: str) -> Changes:
    """Return the change set that puts `added` before a line, counted from 1.

    A line past the end means the end of the text.
    """
    lines = text.split("\n")
    if line > len(lines):
        return make_append(text, added)
    start = sum(len(above) + 1 for above in lines[: max(line, 1) - 1])
    whole = added if added.endswith("\n") else f"{added}\n"
    return make_replacement(text, start, start, whole)


def encoded_size(updates: object) -> int:
    """Return how many bytes the JSON form takes, as it travels and is stored."""
    return len(
        json.dumps(updates, ensure_ascii=False, separators=(",", ":")).encode(
            errors="surrogatepass"
        )
    )


def normalise_lines(text: str) -> str:
    """Return the text with the one line end the editor knows."""
    return _LINE_ENDS.sub("\n", text)


def clean_text(text: str) -> str:
    """Replace what no database stores, unit by unit, so that lengths stay."""
    return _UNSTORABLE.sub(REPLACEMENT_CHARACTER, text)


def is_storable(updates: object) -> bool:
    """Say whether the JSON of these updates can be stored as it is."""
    return not _UNSTORABLE.search(_all_text(updates))


def _all_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_all_text(item) for item in value)
    if isinstance(value, dict):
        return "".join(_all_text(item) for item in value.values())
    return ""
