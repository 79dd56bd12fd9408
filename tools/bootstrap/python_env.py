"""The virtual environment and the Python packages in it."""

import platform
import shutil
import subprocess
import sys

from tools.bootstrap import system
from tools.bootstrap.commands import run
from tools.bootstrap.console import SetupError, timed
from tools.bootstrap.paths import PINS, PYTHON, REQUIREMENTS, UV, UV_HOME, VENV
from tools.bootstrap.stamps import fingerprint, forget, is_done, mark_done

PIP = (PYTHON, "-m", "pip", "--disable-pip-version-check")
PIP_INSTALL = (*PIP, "install", "--quiet", "--require-hashes")
UV_OPTIONS = ("--require-hashes", "--compile-bytecode", "--python", PYTHON)
_FAILED = "The Python packages could not be installed."


def make_python(kind: str) -> None:
    """Have `.venv` hold what requirements/`kind`.txt lists (kind: base or dev)."""
    key = _key(kind)
    if is_done("python", key, PYTHON) or (
        kind == "base" and is_done("python", _key("dev"), PYTHON)
    ):
        return
    forget("python")
    if not _works():
        _make_venv()
    with timed("Installing Python packages"):
        _install(kind)
    mark_done("python", key)


def _key(kind: str) -> str:
    files = [REQUIREMENTS / "base.txt", PINS / "uv.txt"]
    if kind == "dev":
        files.append(REQUIREMENTS / "dev.txt")
    return fingerprint(files, kind, platform.python_version(), platform.machine())


def _works() -> bool:
    """Return whether the environment starts (it does not once its Python has gone)."""
    if not PYTHON.exists():
        return False
    test = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    done = subprocess.run(  # noqa: S603 -- our own interpreter
        [str(PYTHON), "-c", test], capture_output=True, check=False
    )
    return done.returncode == 0


def _make_venv() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with timed(f"Making a virtual environment with Python {version}"):
        if VENV.exists():
            shutil.rmtree(VENV)
        if not _can_make_venv():
            system.install_venv_package(version)
        run(
            [sys.executable, "-m", "venv", VENV],
            log="venv",
            failure="The virtual environment .venv could not be made.",
        )


def _can_make_venv() -> bool:
    """Debian keeps ensurepip in a package of its own."""
    done = subprocess.run(
        [sys.executable, "-c", "import ensurepip, venv"],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def _install(kind: str) -> None:
    """Install with uv, and with pip where uv is not to be had or fails."""
    requirements = REQUIREMENTS / f"{kind}.txt"
    try:
        make_uv()
        # For the demo nothing is removed: the tools of a developer may be there.
        command = ["sync"] if kind == "dev" else ["install", "-r"]
        run(
            [UV, "pip", *command, requirements, *UV_OPTIONS],
            log="python",
            failure=_FAILED,
        )
    except SetupError:
        run([*PIP_INSTALL, "-r", requirements], log="python", failure=_FAILED)


def make_uv() -> None:
    """Have uv outside of .venv, since syncing .venv would remove it from there."""
    if UV.exists():
        return
    shutil.rmtree(UV_HOME, ignore_errors=True)
    argv = [*PIP_INSTALL, "--target", UV_HOME, "-r", PINS / "uv.txt"]
    run(argv, log="uv", failure="uv could not be fetched.")
