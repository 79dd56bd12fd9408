"""The exact command line of a sandbox: launcher, bwrap's arguments and limits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from runner.bwrap.handover import PROGRAM_PATH
from runner.bwrap.host import Host
from runner.languages.helpers import ARCHIVE, HELPERS, list_helper_names
from runner.limits import (
    DATA_BYTES,
    FILE_BYTES,
    MAX_MEMORY,
    MAX_PROCESSES,
    MAX_WALL_SECONDS,
    MIB,
    OPEN_FILES,
    SHM_BYTES,
    STACK_HARD_BYTES,
    STACK_SOFT_BYTES,
    TERMINAL_CPU_SECONDS,
    TERMINAL_FILE_BYTES,
    TERMINAL_MEMORY,
    TERMINAL_OPEN_FILES,
    TERMINAL_PROCESSES,
    TERMINAL_SIGNALS,
    TMP_BYTES,
    Limits,
)
from runner.sandbox import Home, Job

INSIDE_UID = 1000
WORKSPACE = "/home/candidate"
TOOLCHAIN = "/opt/toolchain"

SYNTHETIC_FILES = {
    "/etc/passwd": (
        f"root:x:0:0:root:/:/usr/sbin/nologin\n"
        f"candidate:x:{INSIDE_UID}:{INSIDE_UID}::{WORKSPACE}:/bin/bash\n"
    ),
    "/etc/group": f"root:x:0:\ncandidate:x:{INSIDE_UID}:\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "/etc/hosts": "127.0.0.1 localhost interview\n::1 localhost\n",
}

_MASKED_PROC = ("cmdline", "keys", "kallsyms", "config.gz")
_OPTIONAL_BINDS = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/java-17-openjdk")

# Joins the control groups, makes the kernel prefer us when memory runs out, and hands
# over. It replaces a preexec function, which is unsafe beside threads.
_LAUNCHER = (
    'for f in $CGP; do echo $$ >"$f" || exit 125; done; '
    'echo 800 >/proc/self/oom_score_adj; unset CGP; exec "$@"'
)

# The smallest RLIMIT_DATA with which a language starts; lower ones would only break it.
_SMALLEST_SOFT_DATA = 64 * MIB


@dataclass(frozen=True, slots=True)
class Shape:
    """What is fixed when a sandbox is built; the rest can still be set at hand-over."""

    workspace_bytes: int
    home: Home | None = None

    @classmethod
    def of(cls, job: Job) -> "Shape":
        return cls(0 if job.home else job.limits.workspace_bytes, job.home)


def build_command(
    host: Host, *, uid: int, args_fd: int, prlimit: Sequence[str], inside: Sequence[str]
) -> list[str]:
    """The whole argv; `uid` must be unprivileged, which the caller has checked."""
    tools = host.tools
    command = [str(tools.sh), "-c", _LAUNCHER, "sbx"]
    if host.is_root:
        command += [str(tools.setpriv), f"--reuid={uid}", f"--regid={uid}"]
        command += ["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--"]
    command += [str(tools.bwrap), "--args", str(args_fd), "--"]
    return [*command, str(tools.prlimit), *prlimit, "--", *inside]


def build_arguments(
    *,
    seccomp_fd: int,
    status_fd: int,
    synthetic_fds: Mapping[str, int],
    helpers_fd: int,
    program_fd: int,
    shape: Shape,
    toolchain: Path | None,
    program_path: str = PROGRAM_PATH,
    env: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """What bwrap reads through `--args`, NUL-separated. `env` is set beside, or instead
    of, what every program gets."""
    words = [*_namespaces(seccomp_fd, status_fd), *_system_binds()]
    for path, fd in synthetic_fds.items():
        words += ["--perms", "0444", "--file", str(fd), path]
    words += _helpers(helpers_fd)
    words += ["--perms", "0444", "--file", str(program_fd), program_path]
    words += [*_proc_and_devices(), *_tmpfs("1777", TMP_BYTES, "/tmp")]  # noqa: S108
    if shape.home is None:
        words += _tmpfs("0700", shape.workspace_bytes, WORKSPACE)
    else:
        words += ["--bind", str(shape.home.path), WORKSPACE]
    if toolchain is not None:
        words += ["--ro-bind", str(toolchain), TOOLCHAIN]
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", WORKSPACE]
    for name, value in {**_environment(toolchain), **env}.items():
        words += ["--setenv", name, value]
    return b"".join(word.encode() + b"\0" for word in words)


def _namespaces(seccomp_fd: int, status_fd: int) -> list[str]:
    inside = str(INSIDE_UID)
    return [
        *("--unshare-user", "--unshare-all"),
        *("--disable-userns", "--assert-userns-disabled"),
        *("--uid", inside, "--gid", inside, "--hostname", "interview"),
        *("--cap-drop", "ALL", "--die-with-parent", "--new-session", "--clearenv"),
        *("--seccomp", str(seccomp_fd), "--json-status-fd", str(status_fd)),
    ]


def _system_binds() -> list[str]:
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib64"):
        words += ["--symlink", f"usr/{name}", f"/{name}"]
    for path in _OPTIONAL_BINDS:
        words += ["--ro-bind-try", path, path]
    return words


def _helpers(fd: int) -> list[str]:
    """The languages' own programs: one read-only archive under several names."""
    words = ["--perms", "0555", "--file", str(fd), ARCHIVE]
    for name in list_helper_names():
        words += ["--symlink", ARCHIVE, f"{HELPERS}/{name}"]
    return words


def _proc_and_devices() -> list[str]:
    words = ["--proc", "/proc"]
    for name in _MASKED_PROC:
        if Path("/proc", name).exists():
            words += ["--ro-bind", "/dev/null", f"/proc/{name}"]
    return [*words, "--dev", "/dev", *_tmpfs("1777", SHM_BYTES, "/dev/shm")]  # noqa: S108


def _tmpfs(mode: str, size: int, path: str) -> list[str]:
    return ["--perms", mode, "--size", str(size), "--tmpfs", path]


def _environment(toolchain: Path | None) -> dict[str, str]:
    path = f"{HELPERS}:/usr/local/bin:/usr/bin:/bin"
    env = {
        "HOME": WORKSPACE,
        "USER": "candidate",
        "LOGNAME": "candidate",
        "PATH": path if toolchain is None else f"{TOOLCHAIN}/bin:{path}",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",  # noqa: S108 - the sandbox's own
        "TERM": "dumb",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if toolchain is not None and (toolchain / "python").is_dir():
        env["PYTHONPATH"] = f"{TOOLCHAIN}/python"
    return env


def build_prlimit(*, soft_memory: bool) -> list[str]:
    """Per-process limits set inside, where they count per user namespace.

    They are those of the most demanding job: a sandbox may be older than its job, which
    then lowers what `list_lower_limits` says.
    """
    most = Limits(
        wall_seconds=MAX_WALL_SECONDS, memory_bytes=MAX_MEMORY, processes=MAX_PROCESSES
    )
    varying = [
        f"--{name.lower()}={soft}:{hard}"
        for name, soft, hard in _varying_limits(most, soft_memory=soft_memory)
    ]
    return [
        *_fixed_limits(FILE_BYTES, OPEN_FILES, 256),
        *varying,
    ]


def build_terminal_prlimit(*, soft_memory: bool) -> list[str]:
    """The same for a shell and what it starts."""
    data = TERMINAL_MEMORY if soft_memory else DATA_BYTES
    soft, hard = TERMINAL_CPU_SECONDS
    return [
        *_fixed_limits(TERMINAL_FILE_BYTES, TERMINAL_OPEN_FILES, TERMINAL_SIGNALS),
        f"--cpu={soft}:{hard}",
        f"--nproc={TERMINAL_PROCESSES}",
        f"--data={data}",
    ]


def _fixed_limits(file_bytes: int, open_files: int, signals: int) -> list[str]:
    return [
        "--core=1",
        f"--fsize={file_bytes}",
        "--memlock=65536",
        "--msgqueue=0",
        f"--nofile={open_files}",
        f"--sigpending={signals}",
        f"--stack={STACK_SOFT_BYTES}:{STACK_HARD_BYTES}",
    ]


def list_lower_limits(limits: Limits, *, soft_memory: bool) -> list[str]:
    """What a job's own limits are, as lines "NAME soft hard"."""
    return [
        f"{name} {soft} {hard}"
        for name, soft, hard in _varying_limits(limits, soft_memory=soft_memory)
    ]


def _varying_limits(
    limits: Limits, *, soft_memory: bool
) -> Iterator[tuple[str, int, int]]:
    cpu = int(limits.wall_seconds) + 1
    yield "CPU", cpu, cpu + 2
    yield "NPROC", limits.processes, limits.processes
    data = DATA_BYTES
    if soft_memory:
        data = max(limits.memory_bytes, _SMALLEST_SOFT_DATA)
    yield "DATA", data, data
