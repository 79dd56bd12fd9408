"""What code in a run can see and reach of the machine: nothing."""

import asyncio
import os
import platform
import socket
from pathlib import Path
from uuid import uuid4

import pytest

from runner.bwrap.cgroups import Group
from runner.bwrap.process import spawn
from runner.errors import SandboxFailedError
from runner.limits import Limits
from tests.runner.conftest import Bench, process_with_argument

# Each prints "refused" or what it could do.
HEAD = """\
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def refused(action):
    try:
        value = action()
    except OSError as error:
        return 'refused'
    return repr(value)
def call(*args):
    if libc.syscall(*args) < 0:
        raise OSError(ctypes.get_errno(), 'x')
    return 'allowed'
"""


async def attempt(bench: Bench, expressions: list[str]) -> list[str]:
    """What each expression gave inside one sandbox."""
    lines = "".join(f"print(refused(lambda: {each}))\n" for each in expressions)
    result = await bench.python(HEAD + lines)
    assert result.outcome.exit_code == 0, result.stderr
    return result.stdout.split("\n")[:-1]


async def test_files_of_the_machine_are_absent(bench: Bench, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    paths = [
        *("/etc/shadow", "/root", "/var/log", "/run", "/sys/kernel", "/srv", "/boot"),
        *(str(secret), __file__, "/proc/1/root/etc/shadow"),
        *("/proc/kcore", "/proc/sysrq-trigger", "/home/candidate/../../etc/shadow"),
    ]

    found = await attempt(bench, [f"os.stat({path!r})" for path in paths[:9]])
    opened = await attempt(bench, [f"open({path!r}, 'rb').read(1)" for path in paths])

    assert (set(found), set(opened)) == ({"refused"}, {"refused"})


async def test_root_and_system_cannot_be_written(bench: Bench) -> None:
    paths = [
        *("/x", "/dev/x", "/etc/x", "/usr/x", "/usr/bin/true", "/home/x", "/opt/x"),
        *("/etc/passwd", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"),
        *("/proc/self/uid_map", "/proc/1/exe", "/proc/self/exe"),
    ]
    made = await attempt(
        bench, [f"open({path!r}, 'wb', 0).write(b'x')" for path in paths]
    )
    made += await attempt(
        bench,
        [
            "os.chmod('/usr/bin/true', 0o4777)",
            "os.fchmod(os.open('/proc/1/exe', os.O_RDONLY), 0o4777)",
            "os.mknod('x', 0o060666, os.makedev(8, 0))",
            "os.link('/etc/passwd', 'x')",
            "os.setuid(0)",
        ],
    )

    assert made == ["refused"] * len(made)


async def test_environment_of_the_server_is_invisible(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SECRET_KEY", "canary-of-the-server")
    result = await bench.shell("cat /proc/*/environ | tr '\\0' '\\n'; env")

    assert "HOME=/home/candidate" in result.stdout
    assert "canary-of-the-server" not in result.stdout


async def test_network_of_the_machine_is_out_of_reach(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        tried = await attempt(
            bench,
            [
                f"socket.create_connection(('127.0.0.1', {port}), 1)",
                "socket.create_connection(('169.254.169.254', 80), 1)",
                "socket.create_connection(('10.0.0.1', 80), 1)",
                "socket.socket(2, 2).sendto(b'x', ('1.1.1.1', 53))",
                "socket.socket(10, 1).connect(('2606:4700:4700::1111', 53))",
                "socket.getaddrinfo('example.com', 80)",
            ],
        )

    assert tried == ["refused"] * 6


async def test_unix_sockets_of_the_machine_are_out_of_reach(
    bench: Bench, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as named, socket.socket(socket.AF_UNIX) as bare:
        named.bind(str(tmp_path / "s"))
        named.listen()
        bare.bind("\0interviewlm-test-socket")
        bare.listen()
        tried = await attempt(
            bench,
            [
                f"socket.socket(1, 1).connect({str(tmp_path / 's')!r})",
                "socket.socket(1, 1).connect('\\0interviewlm-test-socket')",
            ],
        )

    assert tried == ["refused"] * 2


async def test_rare_socket_families_cannot_be_made(bench: Bench) -> None:
    families = {"vsock": 40, "packet": 17, "alg": 38, "xdp": 44, "tipc": 30}
    tried = await attempt(
        bench, [f"socket.socket({each}, 3)" for each in families.values()]
    )
    tried += await attempt(bench, ["socket.socket(2, 3, 1)"])

    assert tried == ["refused"] * 6


async def test_processes_of_the_machine_are_invisible(bench: Bench) -> None:
    result = await bench.shell("ls /proc | grep -c '^[0-9]'")
    tried = await attempt(bench, [f"os.kill({os.getpid()}, 9)"])

    assert int(result.stdout) <= 8
    assert tried == ["refused"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers are of x86_64")
async def test_dangerous_calls_are_refused(bench: Bench) -> None:
    calls = {
        "ptrace": "101, 16, os.getpid(), 0, 0",
        "process_vm_readv": "310, os.getppid(), 0, 0, 0, 0, 0",
        "unshare user": "272, 0x10000000",
        "unshare net": "272, 0x40000000",
        "clone newuser": "56, 0x10000000 | 17, 0, 0, 0, 0",
        "clone3": "435, 0, 0",
        "setns": "308, 0, 0",
        "mount": "165, 0, 0, 0, 0, 0",
        "fsopen": "430, b'tmpfs', 0",
        "chroot": "161, b'/tmp'",
        "pivot_root": "155, b'/', b'/'",
        "bpf": "321, 0, 0, 0",
        "io_uring_setup": "425, 1, ctypes.create_string_buffer(200)",
        "keyctl": "250, 0, -3, 0, 0, 0",
        "userfaultfd": "323, 0",
        "perf_event_open": "298, 0, 0, -1, -1, 0",
        "personality no randomize": "135, 0x0040000",
        "pidfd_getfd": "438, 0, 0, 0",
        "x32 getpid": "0x40000000 + 39",
        "newer than the tables": "467, 0, 0, 0, 0, 0",
        "open_by_handle_at": "304, -100, 0, 0",
        "TIOCSTI": "16, 0, 0x5412, b'x'",
        "TIOCSTI high bits": "16, 0, ctypes.c_ulong(0x100005412), b'x'",
        "TIOCLINUX": "16, 0, 0x541C, b'x'",
    }
    tried = await attempt(bench, [f"call({each})" for each in calls.values()])

    assert dict(zip(calls, tried, strict=True)) == dict.fromkeys(calls, "refused")


async def test_program_is_nobody_on_the_machine(bench: Bench) -> None:
    watching = asyncio.create_task(_owner_of("61.0625"))
    result = await bench.shell(
        "sleep 61.0625 & sleep 0.5; id -u; grep Cap /proc/self/status"
    )

    owner = await watching
    assert owner not in {0, None}
    assert 61000 <= (owner or 0) <= 61999 or owner == os.geteuid()
    lines = result.stdout.split("\n")
    assert lines[0] == "1000"
    assert {line.split()[1] for line in lines[1:6]} == {"0" * 16}


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text()


def owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


async def _owner_of(word: str) -> int | None:
    for _ in range(300):
        for pid in process_with_argument(word):
            try:
                if name_of(pid) == "sleep\n":
                    return owner_of(pid)
            except OSError:
                continue
        await asyncio.sleep(0.01)
    return None


async def test_setuid_programs_give_nothing(bench: Bench) -> None:
    result = await bench.shell("cp /usr/bin/id i; chmod 4755 i; ./i -u; su -c id; true")

    assert result.stdout == "1000\n"


async def test_nothing_is_left_afterwards(bench: Bench, tmp_path: Path) -> None:
    made: list[Group | None] = []
    make_group = bench.sandbox._make_group

    def remember(limits: Limits) -> Group | None:
        made.append(make_group(limits))
        return made[-1]

    bench.sandbox._make_group = remember  # type: ignore[method-assign]
    word = f"3{uuid4().int % 10**8:08d}"
    descriptors = open_descriptors()
    for _ in range(3):
        await bench.shell(f"(setsid sleep {word} &) ; echo x")
    await bench.sandbox.close()

    assert process_with_argument(word) == []
    assert names_in(tmp_path / "runs") == []
    assert [path for group in made if group for path in existing(group)] == []
    assert open_descriptors() <= descriptors


def existing(group: Group) -> list[Path]:
    return [path for path in group.directories if path.exists()]


async def test_sandbox_is_not_started_from_a_thread() -> None:
    def start() -> None:
        spawn(["/bin/true"], group=None, pass_fds=(), stdout=1, stderr=2)

    with pytest.raises(SandboxFailedError):
        await asyncio.to_thread(start)
