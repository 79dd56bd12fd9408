"""The requirement files and the npm lock: complete, hashed, without addresses."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
# "resolved" is npm's; the other addresses in its lock are where to give money.
_ADDRESS = re.compile(r"https?://|--(?:extra-)?index-url|--find-links")
_NPM_ADDRESS = '"resolved":'


def problems(root: Path) -> Iterator[str]:
    """Yield what is wrong with the lock files, one sentence each."""
    requirements = root / "requirements"
    for kind in ("base", "dev"):
        yield from _unlocked(requirements / f"{kind}.in", requirements / f"{kind}.txt")
    yield from _disagreements(requirements / "base.txt", requirements / "dev.txt")
    yield from _npm_disagreements(root / "package.json", root / "package-lock.json")
    locked = [*requirements.glob("*.txt"), *(root / "tools" / "pins").glob("*.txt")]
    for file in locked:
        if _ADDRESS.search(file.read_text(encoding="utf-8")):
            yield f"{file.relative_to(root)} holds addresses; run `make lock`."
    if _NPM_ADDRESS in (root / "package-lock.json").read_text(encoding="utf-8"):
        yield "package-lock.json holds addresses; run `make lock`."


def read_pins(file: Path) -> dict[str, Version]:
    """Return the pinned version of each package."""
    found = _PIN.findall(file.read_text(encoding="utf-8"))
    return {canonicalize_name(name): Version(version) for name, version in found}


def read_wanted(file: Path) -> Iterator[Requirement]:
    """Yield the direct requirements of an .in file and of those it includes."""
    for raw in file.read_text(encoding="utf-8").splitlines():
        line = raw.split("#")[0].strip()
        if line.startswith("-r "):
            yield from read_wanted(file.parent / line[3:].strip())
        elif line:
            yield Requirement(line)


def _unlocked(wanted: Path, locked: Path) -> Iterator[str]:
    pins = read_pins(locked)
    for requirement in read_wanted(wanted):
        version = pins.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(
            version, prereleases=True
        ):
            yield f"{locked.name} does not satisfy “{requirement}”; run `make lock`."
    text = locked.read_text(encoding="utf-8")
    if text.count("--hash=sha256:") < len(pins):
        yield f"{locked.name} has packages without hashes; run `make lock`."


def _disagreements(base: Path, dev: Path) -> Iterator[str]:
    """A set-up for tests must serve the demo too: dev holds all of base, unchanged."""
    in_dev = read_pins(dev)
    for name, version in read_pins(base).items():
        if in_dev.get(name) != version:
            yield f"dev.txt has {name} {in_dev.get(name)}, base.txt {version}."


def _npm_disagreements(package: Path, lock: Path) -> Iterator[str]:
    wanted = json.loads(package.read_text(encoding="utf-8"))
    locked = json.loads(lock.read_text(encoding="utf-8"))["packages"][""]
    for kind in ("dependencies", "devDependencies"):
        if wanted.get(kind, {}) != locked.get(kind, {}):
            yield f"package-lock.json and package.json differ in {kind}."
