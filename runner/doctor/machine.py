"""Checks of the machine that need no sandbox: programs, kernel, directories."""

import asyncio
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from runner.bwrap.cgroups import Hierarchies
from runner.bwrap.host import Host
from runner.bwrap.syscalls import ARCHITECTURES
from runner.doctor.report import Check
from runner.openat2 import open_beneath

_OLDEST_BWRAP = (0, 8)
_VERSION_SECONDS = 5.0
_MIN_FREE_BYTES = 64 * 1024 * 1024
_MIN_FREE_INODES = 1000
_INSTALL = "Install bubblewrap 0.8 or newer from your distribution."


async def check_machine(
    host: Host,
    hierarchies: Hierarchies,
    state_dir: Path,
    *,
    require_hard_limits: bool,
) -> list[Check]:
    """The static checks, most telling first."""
    return [
        check_architecture(host),
        check_bwrap_file(host),
        await check_bwrap_version(host),
        check_tools(host),
        check_account(host),
        *check_user_namespaces(),
        check_openat2(state_dir),
        check_state_dir(state_dir),
        check_limits(hierarchies, require_hard_limits=require_hard_limits),
    ]


def check_architecture(host: Host) -> Check:
    return Check(
        "architecture",
        host.machine in ARCHITECTURES,
        f"there is no system call filter for {host.machine}",
        "Use a machine with an x86_64 or aarch64 processor.",
    )


def check_bwrap_file(host: Host) -> Check:
    """bwrap must be root's own and not setuid, or the launch itself is a hole."""
    path = host.tools.bwrap
    try:
        found = path.stat()
    except OSError:
        return Check(
            "bwrap", is_ok=False, detail=f"{path} is not installed", mend=_INSTALL
        )
    problems = [
        (not path.is_absolute(), "is not given as an absolute path"),
        (not stat.S_ISREG(found.st_mode), "is not a file"),
        (bool(found.st_mode & (stat.S_ISUID | stat.S_ISGID)), "is setuid"),
        (found.st_uid != 0, "does not belong to root"),
        (bool(found.st_mode & 0o022), "may be changed by others than root"),
        (not os.access(path, os.X_OK), "may not be executed"),
    ]
    detail = next((text for is_bad, text in problems if is_bad), "")
    return Check("bwrap", not detail, f"{path} {detail}" if detail else "", _INSTALL)


async def check_bwrap_version(host: Host) -> Check:
    text = await _bwrap_version(host.tools.bwrap)
    match = re.search(r"(\d+)\.(\d+)", text)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    detail = (
        f"bubblewrap answers {text[:40]!r}" if text else "bubblewrap does not answer"
    )
    return Check("bwrap version", version >= _OLDEST_BWRAP, detail, _INSTALL)


async def _bwrap_version(path: Path) -> str:
    """What `bwrap --version` says; empty when it fails or hangs."""
    with suppress(OSError):
        process = await asyncio.create_subprocess_exec(
            path,
            "--version",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
            cwd="/",
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(), _VERSION_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            return ""
        return out.decode(errors="replace").strip() if process.returncode == 0 else ""
    return ""


def check_tools(host: Host) -> Check:
    missing = host.tools.missing()
    return Check(
        "programs",
        not missing,
        f"{', '.join(missing)} missing, which the sandbox needs under /usr",
        "Install bash, tar, util-linux and python3 from your distribution.",
    )


def check_account(host: Host) -> Check:
    is_ok = host.is_root or os.geteuid() != 0
    return Check("account", is_ok, "the sandbox would run as root", "Fix the runner.")


def check_user_namespaces() -> Iterator[Check]:
    allowed = _read_number(Path("/proc/sys/user/max_user_namespaces"), default=1)
    clone = _read_number(Path("/proc/sys/kernel/unprivileged_userns_clone"), default=1)
    yield Check(
        "user namespaces",
        allowed > 0 and clone > 0,
        "the kernel allows no user namespaces",
        "Set user.max_user_namespaces (Debian: kernel.unprivileged_userns_clone).",
    )
    restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    profile = Path("/etc/apparmor.d/bwrap")
    profiles = [profile, profile.with_name("bwrap-userns-restrict")]
    is_open = _read_number(restricted, default=0) == 0 or any(
        each.exists() for each in profiles
    )
    yield Check(
        "apparmor",
        is_open,
        "AppArmor keeps bubblewrap from making user namespaces",
        'Add an AppArmor profile for /usr/bin/bwrap with the rule "userns,".',
    )


def check_openat2(state_dir: Path) -> Check:
    """The kernel must open without following links (5.6 or newer)."""
    plain, link = state_dir / "openat2-plain", state_dir / "openat2-link"
    try:
        plain.write_bytes(b"")
        link.unlink(missing_ok=True)
        link.symlink_to(plain)
        directory = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return Check(
            "openat2", is_ok=False, detail="the state directory cannot be written"
        )
    try:
        is_ok = _opens(directory, plain.name) and not _opens(directory, link.name)
    finally:
        os.close(directory)
        plain.unlink(missing_ok=True)
        link.unlink(missing_ok=True)
    return Check(
        "openat2", is_ok, "the kernel lacks openat2", "Use Linux 5.6 or newer."
    )


def _opens(directory: int, name: str) -> bool:
    try:
        os.close(open_beneath(directory, name))
    except OSError:
        return False
    return True


def check_state_dir(state_dir: Path) -> Check:
    """Others may pass through it (homes are bound as their own account), never look."""
    found, space = state_dir.stat(), os.statvfs(state_dir)
    problems = [
        (found.st_uid != os.geteuid(), "belongs to someone else"),
        (bool(found.st_mode & 0o066), "is open to others"),
        (space.f_bavail * space.f_frsize < _MIN_FREE_BYTES, "has no space left"),
        (space.f_files > 0 and space.f_favail < _MIN_FREE_INODES, "has no inodes left"),
    ]
    detail = next((text for is_bad, text in problems if is_bad), "")
    return Check(
        "state directory",
        not detail,
        f"the runner's state directory {detail}",
        "Give the runner a directory of its own with mode 0711 and free space.",
    )


def check_limits(hierarchies: Hierarchies, *, require_hard_limits: bool) -> Check:
    soft = [
        name for name, level in hierarchies.levels.to_json().items() if level != "hard"
    ]
    return Check(
        "limits",
        not (soft and require_hard_limits),
        f"{', '.join(soft)} can only be limited softly" if soft else "",
        "Run the runner as root or delegate control groups to it (Delegate=yes), or "
        "set SANDBOX_REQUIRE_HARD_LIMITS=0 where only trusted people run code.",
    )


def _read_number(path: Path, *, default: int) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return default
