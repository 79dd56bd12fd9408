"""The runner's parts that need no sandbox."""

import asyncio
import os
import struct
from pathlib import Path

import pytest

from runner.bwrap.cgroups import PROCESS_OVERHEAD, Hierarchies
from runner.bwrap.handover import READY, parse_report
from runner.bwrap.hierarchies import find_hierarchies
from runner.bwrap.leftovers import sweep
from runner.bwrap.seccomp import build_filter
from runner.bwrap.syscalls import ARCHITECTURES
from runner.bwrap.uids import FIRST_UID, LAST_UID, lease_uid
from runner.errors import RunnerBusyError
from runner.limits import MIB, Limits, settle_limits
from runner.openat2 import open_beneath
from runner.protocol import CollectedFile, LimitRequest
from runner.waiting import WaitingRoom


@pytest.mark.parametrize(
    ("asked", "argv", "expected"),
    [
        (LimitRequest(), ("python3",), Limits()),
        (LimitRequest(), ("/usr/bin/java", "Main"), Limits(memory_bytes=512 * MIB)),
        (
            LimitRequest(
                wall_seconds=900,
                memory_bytes=1 << 40,
                processes=9999,
                workspace_bytes=1 << 40,
                output_bytes_kept=1 << 40,
                output_bytes_kill=1 << 40,
            ),
            ("python3",),
            Limits(wall_seconds=60, memory_bytes=512 * MIB),
        ),
        (
            LimitRequest(wall_seconds=0.001, memory_bytes=1, output_bytes_kept=0),
            ("python3",),
            Limits(wall_seconds=0.1, memory_bytes=16 * MIB, output_bytes_kept=0),
        ),
    ],
    ids=["defaults", "java", "above the caps", "absurdly small"],
)
def test_limits_are_clamped(
    asked: LimitRequest, argv: tuple[str, ...], expected: Limits
) -> None:
    assert settle_limits(asked, argv) == expected


class Machine:
    """Just enough of the kernel's filter machine to ask for verdicts."""

    def __init__(self, program: bytes) -> None:
        self.steps = list(struct.iter_unpack("=HBBI", program))

    def verdict(self, number: int, arch: int, *arguments: int) -> int:
        words = [number, arch, 0, 0]
        for argument in (*arguments, *[0] * 6)[:6]:
            words += [argument & 0xFFFFFFFF, argument >> 32]
        at = accumulator = 0
        while True:
            code, true, false, value = self.steps[at]
            if code == 0x06:
                return int(value)
            if code == 0x20:
                accumulator = words[value // 4]
                at += 1
                continue
            holds = {
                0x15: accumulator == value,
                0x25: accumulator > value,
                0x35: accumulator >= value,
                0x45: bool(accumulator & value),
            }[code]
            at += 1 + (true if holds else false)


ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x50001, 0x50026


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_filter_gives_the_right_verdicts(name: str) -> None:
    arch = ARCHITECTURES[name]
    machine = Machine(build_filter(name))

    def ask(number: int, *arguments: int) -> int:
        return machine.verdict(number, arch.audit_arch, *arguments)

    assert len(machine.steps) < 4096
    assert machine.verdict(0, 0x40000003) == KILL
    assert ask(0) == ALLOW
    assert {ask(number) for number in arch.denied.values()} == {EPERM}
    assert ask(435) == ask(425) == ask(470) == ENOSYS
    assert ask(arch.clone, 17) == ALLOW
    assert ask(arch.clone, 0x10000000 | 17) == EPERM
    assert ask(arch.ioctl, 0, 0x5412) == ask(arch.ioctl, 0, 0x5412 | 1 << 32) == EPERM
    assert ask(arch.ioctl, 0, 0x5401) == ALLOW
    assert [ask(arch.socket, family) for family in (1, 2, 10, 16)] == [ALLOW] * 4
    assert ask(arch.socket, 40) == ask(arch.socketpair, 17) == 0x50061
    assert ask(arch.personality, 0) == ask(arch.personality, 0xFFFFFFFF) == ALLOW
    assert ask(arch.personality, 0x40000) == EPERM
    assert ask(arch.memfd_create) == ALLOW


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_filter_without_a_memory_group_denies_unowned_memory(name: str) -> None:
    arch = ARCHITECTURES[name]
    machine = Machine(build_filter(name, soft_memory=True))

    for number in (arch.memfd_create, arch.shmget):
        assert machine.verdict(number, arch.audit_arch) == EPERM


def test_x32_calls_do_not_exist() -> None:
    machine = Machine(build_filter("x86_64"))

    assert machine.verdict(0x40000000 + 1, 0xC000003E) == ENOSYS


def test_processor_without_a_table_has_no_filter() -> None:
    with pytest.raises(KeyError):
        build_filter("riscv64")


def fake_v2(tmp_path: Path, others: str = "") -> Path:
    """A /proc and a version 2 hierarchy with a delegated group."""
    own = tmp_path / "cgroup" / "runner.service"
    own.mkdir(parents=True)
    (own / "cgroup.controllers").write_text("cpu memory pids")
    (own / "cgroup.subtree_control").write_text("")
    (own / "cgroup.procs").write_text(f"{os.getpid()}\n{others}")
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "cgroup").write_text("0::/runner.service\n")
    (proc / "mountinfo").write_text(
        f"30 23 0:26 / {tmp_path}/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"
    )
    return proc


def test_version_2_moves_the_runner_aside_and_hands_out_controllers(
    tmp_path: Path,
) -> None:
    found = find_hierarchies(fake_v2(tmp_path))

    own = tmp_path / "cgroup" / "runner.service"
    assert found == Hierarchies(2, dict.fromkeys(("memory", "pids", "cpu"), own))
    assert (own / "iv-runner" / "cgroup.procs").read_text() == str(os.getpid())
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    assert found.levels.is_hard


def test_version_2_group_shared_with_others_is_left_alone(tmp_path: Path) -> None:
    assert find_hierarchies(fake_v2(tmp_path, others="1\n")) == Hierarchies()


def test_version_2_group_holds_the_limits(tmp_path: Path) -> None:
    group = Hierarchies(2, dict.fromkeys(("memory", "pids", "cpu"), tmp_path)).create(
        Limits(memory_bytes=64 * MIB, processes=10)
    )

    (path,) = group.directories
    settings = {each.name: each.read_text() for each in path.iterdir()}
    assert settings == {
        "memory.max": str(64 * MIB),
        "memory.oom.group": "1",
        "pids.max": str(10 + PROCESS_OVERHEAD),
        "cpu.max": "100000 100000",
    }
    (path / "memory.events").write_text("low 0\noom 2\noom_kill 3\n")
    (path / "memory.peak").write_text("12345\n")
    assert (group.oom_kills(), group.peak_memory()) == (3, 12345)


def test_machine_without_groups_is_soft(tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text("")

    assert find_hierarchies(tmp_path).levels.to_json()["memory"] == "soft"


def test_leases_differ_and_come_back() -> None:
    with lease_uid(is_root=True) as one, lease_uid(is_root=True) as two:
        assert one != two
        assert FIRST_UID <= min(one, two) <= max(one, two) <= LAST_UID


def test_opening_beneath_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("content")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    directory = os.open(tmp_path, os.O_RDONLY)
    try:
        fd = open_beneath(directory, "plain")
        assert os.read(fd, 100) == b"content"
        os.close(fd)
        for path in ("link", "folder/passwd", "../x", "/etc/passwd", "pipe", "."):
            with pytest.raises(OSError):  # noqa: PT011 - the kernel has many reasons
                open_beneath(directory, path)
    finally:
        os.close(directory)


@pytest.mark.parametrize(
    "noise",
    [b"7 5\nhello", b"0 5\nagain", b"1 999999999\nx", b"-1 1\nx", b"\xff \xff\n", b"1"],
    ids=["unasked", "twice", "cut off", "negative", "not a number", "no line"],
)
def test_report_with_hostile_lines_gives_only_what_was_asked_for(noise: bytes) -> None:
    report = READY + b"0 5\nhello" + noise

    assert parse_report(report, ("a", "b")) == (CollectedFile("a", b"hello"),)


def test_sweep_survives_damaged_and_foreign_records(tmp_path: Path) -> None:
    keep = tmp_path / "precious"
    keep.mkdir()
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "a.json").write_text("{")
    (runs / "b.json").write_text(f'{{"pid": 1, "start": "0", "groups": ["{keep}"]}}')

    assert sweep(runs) == 2
    assert keep.exists()
    assert list(runs.iterdir()) == []


async def test_waiting_room_is_fair_and_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runner.waiting.MAX_WAITING", 2)
    room, told, order = WaitingRoom(1), list[tuple[str, int]](), list[str]()
    release = asyncio.Event()

    async def visit(name: str) -> None:
        async def notify(position: int) -> None:
            told.append((name, position))

        async with room.place(notify, asyncio.Event()) as has_place:
            assert has_place
            order.append(name)
            await release.wait()

    tasks = []
    for name in ("a", "b", "c"):
        tasks.append(asyncio.create_task(visit(name)))
        await asyncio.sleep(0.01)
    assert (room.running, room.waiting) == (1, 2)
    with pytest.raises(RunnerBusyError):
        await visit("d")
    release.set()
    await asyncio.gather(*tasks)

    assert order == ["a", "b", "c"]
    assert told[:2] == [("b", 1), ("c", 2)]
    assert (room.running, room.waiting) == (0, 0)


async def test_waiting_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.waiting.MAX_WAIT_SECONDS", 0.05)
    room = WaitingRoom(1)

    async def notify(position: int) -> None:
        return None

    async with room.place(notify, asyncio.Event()):
        with pytest.raises(RunnerBusyError):
            async with room.place(notify, asyncio.Event()):
                pass
    assert (room.running, room.waiting) == (0, 0)
