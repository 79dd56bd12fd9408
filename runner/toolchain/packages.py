"""What is installed in a built toolchain, and where the sandbox can reach it."""

import json
import logging
import os
import shutil
import stat
import tempfile
from pathlib import Path

from runner.protocol import Package, ProtocolError
from runner.protocol.fields import Fields
from runner.protocol.replies import read_package

logger = logging.getLogger(__name__)

STAMP = "toolchain.json"


def find_toolchain(target: Path | None) -> Path | None:
    """The built toolchain at a path every account may reach, or None.

    bwrap runs as an unprivileged uid, so below a private directory (/root) it would
    see nothing; then a copy is made in the temporary directory, named by its digest.
    """
    if target is None or not (target / STAMP).is_file():
        return None
    target = target.resolve()
    if os.geteuid() != 0 or all(_is_open(each) for each in [target, *target.parents]):
        return target
    return _stage_copy(target)


def _is_open(directory: Path) -> bool:
    return bool(directory.stat().st_mode & stat.S_IXOTH)


def _stage_copy(target: Path) -> Path | None:
    digest = read_digest(target)[:32]
    staged = Path(tempfile.gettempdir()) / f"interviewlm-toolchain-{digest}"
    if not _is_ours(staged):
        try:
            _copy(target, staged)
        except OSError:
            logger.exception("the toolchain could not be copied to %s", staged)
    # Another runner may have made the copy first.
    return staged if _is_ours(staged) else None


def _copy(target: Path, staged: Path) -> None:
    """Copy beside `staged` and move into place; what fails leaves nothing behind."""
    fresh = Path(tempfile.mkdtemp(prefix="interviewlm-toolchain-"))
    try:
        shutil.copytree(target, fresh, symlinks=True, dirs_exist_ok=True)
        fresh.chmod(0o755)
        fresh.rename(staged)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _is_ours(directory: Path) -> bool:
    """A directory of this name that someone else made is never used."""
    try:
        found = directory.lstat()
    except OSError:
        return False
    is_private = not found.st_mode & 0o022 and found.st_uid == os.geteuid()
    return stat.S_ISDIR(found.st_mode) and is_private and (directory / STAMP).is_file()


def read_digest(target: Path) -> str:
    """The digest a toolchain was built with; empty when there is none."""
    fields = _read_stamp(target)
    return fields.text("digest", limit=64, default="") if fields else ""


def list_packages(target: Path | None) -> tuple[Package, ...]:
    """Name, version and language of everything installed for candidates."""
    fields = _read_stamp(target) if target else None
    if fields is None:
        return ()
    try:
        return fields.items("packages", read_package, limit=2000)
    except ProtocolError:
        return ()


def _read_stamp(target: Path) -> Fields | None:
    try:
        return Fields(json.loads((target / STAMP).read_text()), where="toolchain")
    except (OSError, ValueError):
        return None
