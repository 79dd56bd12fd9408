"""Steps that are done once: skipped while what they were made from is unchanged."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from tools.bootstrap.paths import STATE


def fingerprint(files: Iterable[Path], *words: str) -> str:
    """Return a hash over files, the files below folders, and words."""
    digest = hashlib.sha256()
    for word in words:
        digest.update(f"word {word}\n".encode())
    for top in files:
        below = top.rglob("*") if top.is_dir() else [top]
        for file in sorted(path for path in below if path.is_file()):
            if "__pycache__" in file.parts:
                continue
            digest.update(f"file {file.relative_to(top.parent)}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_done(step: str, key: str, *outputs: Path) -> bool:
    """Return whether the step was done from the same inputs and its work is there."""
    stamp = STATE / step
    return (
        all(output.exists() for output in outputs)
        and stamp.is_file()
        and stamp.read_text(encoding="utf-8") == key
    )


def mark_done(step: str, key: str) -> None:
    """Remember that the step was done from these inputs."""
    STATE.mkdir(parents=True, exist_ok=True)
    (STATE / step).write_text(key, encoding="utf-8")


def forget(step: str) -> None:
    """Have the step done again; called before it starts, so a half-done one counts not."""
    (STATE / step).unlink(missing_ok=True)
