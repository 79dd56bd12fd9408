"""Applies the unified diffs in which later prompts tell of a file."""

from __future__ import annotations

import re

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


def apply_diff(before: str, diff: str) -> str | None:
    """The text after a diff of it, or None where the diff is of another text."""
    lines = before.split("\n")
    out: list[str] = []
    at = 0
    for line in diff.split("\n"):
        if hunk := _HUNK.match(line):
            # Nothing taken out: the number is of the line before.
            start = int(hunk[1]) - (hunk[2] != "0")
            out += lines[at:start]
            at = start
        elif line.startswith("+"):
            out.append(line[1:])
        elif at < len(lines) and lines[at] == line[1:]:
            if line.startswith(" "):
                out.append(lines[at])
            at += 1
        else:
            return None
    return "\n".join(out + lines[at:])
