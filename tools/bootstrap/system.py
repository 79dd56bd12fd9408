"""System packages: installed as root on Debian and Ubuntu, else named."""

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.bootstrap.commands import run
from tools.bootstrap.console import SetupError, say, timed


def _postgres_is_here() -> bool:
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return shutil.which("initdb") is not None or any(versions)


def _program(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


@dataclass(frozen=True, slots=True)
class Package:
    """A Debian package, what it gives us, and how to see that it is there."""

    name: str
    purpose: str
    is_here: Callable[[], bool]


BUBBLEWRAP = Package("bubblewrap", "running candidates' code", _program("bwrap"))
FOR_DEMO = (BUBBLEWRAP,)
FOR_TESTS = (
    BUBBLEWRAP,
    Package("postgresql", "the tests on PostgreSQL", _postgres_is_here),
    Package("redis-server", "the tests on Redis", _program("redis-server")),
    Package(
        "chromium",
        "the browser tests",
        _program("chromium", "chromium-browser", "google-chrome"),
    ),
    Package(
        "firefox-esr",
        "the browser tests in Firefox",
        _program("firefox-esr", "firefox"),
    ),
)


def missing(packages: Iterable[Package]) -> list[Package]:
    """Return those that are not on this machine."""
    return [package for package in packages if not package.is_here()]


def install_line(names: Iterable[str]) -> str:
    """Return the one line a person types to install them."""
    return f"sudo apt-get install -y {' '.join(names)}"


def can_install() -> bool:
    """Return whether this is Debian or a relative of it, and we are root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def ensure(packages: Iterable[Package]) -> None:
    """Install what is missing where we may; otherwise say what to type and go on."""
    wanted = missing(packages)
    if not wanted:
        return
    names = [package.name for package in wanted]
    if can_install():
        try:
            _apt_install(names)
        except SetupError as error:
            say(f"  {error.message} {error.mend}")
    for package in missing(wanted):
        say(f"  Going on without {package.name} ({package.purpose}).")
    still = [package.name for package in missing(wanted)]
    if still and shutil.which("apt-get"):
        say(f"  To add it: {install_line(still)}")


def install_venv_package(version: str) -> None:
    """Install Debian's python3-venv, or say that it is needed."""
    name = f"python{version}-venv"
    if not can_install():
        raise SetupError(
            f"This Python {version} cannot make virtual environments.",
            f"Type this, then run the same command again: {install_line([name])}",
        )
    _apt_install([name])


def _apt_install(names: list[str]) -> None:
    install = ["apt-get", "install", "-y", "-o", "DPkg::Lock::Timeout=120", *names]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    failure = f"apt-get could not install {', '.join(names)}."
    with timed(f"Installing system packages with apt-get: {', '.join(names)}"):
        try:
            run(install, log="apt", failure=failure, env=quiet)
        except SetupError:
            run(["apt-get", "update"], log="apt-update", failure=failure, env=quiet)
            run(install, log="apt", failure=failure, env=quiet)
