"""No Python file grows past 400 lines (docs: house style)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

LIMIT = 400


def problems(root: Path, files: Sequence[str]) -> Iterator[str]:
    """Yield the files that are too long."""
    for name in files:
        if not name.endswith(".py") or "/migrations/" in name:
            continue
        count = len((root / name).read_text(encoding="utf-8").splitlines())
        if count > LIMIT:
            yield f"{name} has {count} lines; {LIMIT} is the limit. Split it."
