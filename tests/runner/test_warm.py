"""Sandboxes that wait for their job: as tight as fresh ones, and used once."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from runner.bwrap.backend import BwrapSandbox
from runner.bwrap.empty import EmptySandbox
from runner.bwrap.hierarchies import find_hierarchies
from runner.bwrap.host import Host
from runner.bwrap.uids import lease_uid
from runner.bwrap.warm import WarmLimits, WarmSandbox
from runner.errors import SandboxFailedError
from runner.limits import MIB, Limits
from runner.protocol import InputFile
from runner.sandbox import Home, Job
from tests.runner.conftest import Bench


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


class WarmBench(Bench):
    """Runs programs in sandboxes that waited for them."""

    def __init__(self, sandbox: BwrapSandbox, limits: WarmLimits) -> None:
        self.warm = WarmSandbox(sandbox, limits)
        super().__init__(sandbox, self.warm)

    async def until_waiting(self, count: int) -> tuple[EmptySandbox, ...]:
        await until(lambda: len(self.warm.waiting) == count)
        async with asyncio.timeout(10):
            for each in self.warm.waiting:
                await each.is_warm.wait()
        return self.warm.waiting


@asynccontextmanager
async def open_warm(runs: Path, limits: WarmLimits) -> AsyncIterator[WarmBench]:
    os.makedirs(runs, exist_ok=True)  # noqa: PTH103 - in a test only
    bench = WarmBench(BwrapSandbox(Host(), find_hierarchies(), runs, None), limits)
    bench.warm.open()
    try:
        yield bench
    finally:
        await bench.warm.close()


@pytest.fixture
async def one(sandbox_available: None, tmp_path: Path) -> AsyncIterator[WarmBench]:
    """One sandbox waits."""
    async with open_warm(tmp_path / "runs", WarmLimits(one_shot=1)) as bench:
        await bench.until_waiting(1)
        yield bench


async def test_job_reaches_the_sandbox_that_waited(one: WarmBench) -> None:
    (waited,) = one.warm.waiting
    source = (
        "import os, sys\n"
        "print(os.getcwd(), sys.stdin.read(), os.environ['GREETING'], os.environ['PWD'])\n"
        "open('made.bin', 'wb').write(open('data/ä b.bin', 'rb').read()); sys.exit(7)"
    )
    job = Job(
        argv=("python3", "program.py"),
        files=(
            InputFile("part one/program.py", source.encode()),
            InputFile("part one/data/ä b.bin", b"\0\xff\n1 2\n"),
        ),
        cwd="part one",
        env={"GREETING": "hello=you"},
        stdin=b"from stdin",
        collect=("part one/made.bin", "absent"),
    )

    result = await one.run(job)

    assert result.stderr == ""
    folder = "/home/candidate/part one"
    assert result.stdout == f"{folder} from stdin hello=you {folder}\n"
    assert result.outcome.exit_code == 7
    (made,) = result.outcome.files
    assert (made.path, made.data) == ("part one/made.bin", b"\0\xff\n1 2\n")
    assert waited.is_dead


async def test_each_sandbox_is_used_once_and_replaced(one: WarmBench) -> None:
    script = "ls -A ~ /tmp /dev/shm; touch ~/left /tmp/left /dev/shm/left; sleep 99 &"
    seen: set[EmptySandbox] = set()
    for _ in range(3):
        seen.update(await one.until_waiting(1))
        result = await one.shell(script + " ps -e 2>/dev/null | grep -c sleep")
        assert "left" not in result.stdout

    assert len(seen) == 3
    await one.until_waiting(1)


async def test_clock_starts_at_the_hand_over(one: WarmBench) -> None:
    await asyncio.sleep(0.5)
    result = await one.shell("echo fine", Limits(wall_seconds=0.45))

    assert (result.outcome.reason, result.stdout) == ("exited", "fine\n")
    assert result.outcome.duration_ms < 450


async def test_limits_of_the_job_hold_in_a_sandbox_made_before_it(
    one: WarmBench,
) -> None:
    source = (
        "import resource as r\n"
        "print(r.getrlimit(r.RLIMIT_CPU), r.getrlimit(r.RLIMIT_NPROC), flush=True)\n"
        "x = b'x' * (200 << 20)"
    )
    limits = Limits(wall_seconds=5, memory_bytes=64 * MIB, processes=10)

    result = await one.python(source, limits)

    assert result.stdout == "(6, 8) (10, 10)\n"
    assert (result.outcome.reason, result.outcome.exit_code) == ("memory", None)


async def test_job_may_have_more_memory_than_the_sandbox_was_made_with(
    one: WarmBench,
) -> None:
    (waited,) = one.warm.waiting
    source = "x = b'x' * (300 << 20)\nprint('fine')"
    result = await one.python(source, Limits(memory_bytes=512 * MIB))

    assert (result.outcome.reason, result.stdout) == ("exited", "fine\n")
    assert waited.is_dead


async def test_job_of_another_shape_gets_a_sandbox_of_its_own(one: WarmBench) -> None:
    (waited,) = one.warm.waiting
    limits = Limits(workspace_bytes=1 * MIB)

    result = await one.shell("head -c 2M /dev/zero > x || echo full", limits)

    assert result.stdout == "full\n"
    assert one.warm.waiting == (waited,)


def kill_unnoticed(pid: int) -> None:
    """Dead before the event loop of the test can hear of it."""
    os.kill(pid, signal.SIGKILL)
    with suppress(FileNotFoundError, ProcessLookupError):
        while (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        ):
            os.sched_yield()


async def test_dead_sandbox_is_noticed_at_the_hand_over(one: WarmBench) -> None:
    (waited,) = one.warm.waiting
    kill_unnoticed(waited.process.child_pid)

    result = await one.shell("echo fine")

    assert (result.outcome.exit_code, result.stdout) == (0, "fine\n")


async def test_sandbox_idle_too_long_is_replaced(
    one: WarmBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    (waited,) = one.warm.waiting
    monkeypatch.setattr("runner.bwrap.warm.MAX_IDLE_SECONDS", 0.0)
    await one.shell("true", Limits(workspace_bytes=1 * MIB))
    await until(lambda: waited.is_dead)
    monkeypatch.undo()

    assert waited not in await one.until_waiting(1)


async def test_many_jobs_at_once_need_no_waiting_sandbox(one: WarmBench) -> None:
    results = await asyncio.gather(*[one.shell(f"echo {n}") for n in range(5)])

    assert [result.stdout for result in results] == [f"{n}\n" for n in range(5)]


async def test_program_starts_with_ordinary_signals_and_streams(one: WarmBench) -> None:
    result = await one.shell("grep SigIgn /proc/self/status; yes | head -n 1")

    name, ignored, printed = result.stdout.split()
    # Two signals belong to the C library; nobody can reset them.
    assert (name, int(ignored, 16) & ~(0b11 << 31)) == ("SigIgn:", 0)
    assert (printed, result.outcome.exit_code) == ("y", 0)


async def test_program_cannot_reach_what_hands_out_its_files(one: WarmBench) -> None:
    script = (
        "for fd in /proc/$PPID/fd/*; do (echo '0 3' >$fd) 2>/dev/null && echo in; done;"
        "ls /proc/$PPID/fd; cat /proc/$PPID/environ; ls /proc/self/fd"
    )
    result = await one.run(Job(argv=("bash", "-c", script), collect=("x",)))

    assert result.stdout.split() == ["0", "1", "2", "3"]
    assert result.outcome.files == ()


@pytest.mark.parametrize(
    ("script", "expected"),
    [("echo 'echo $1 fine'", "a fine\n"), ("echo '#!/bin/cat'", "#!/bin/cat\n")],
    ids=["no first line", "interpreter"],
)
async def test_script_without_a_shell_runs(
    one: WarmBench, script: str, expected: str
) -> None:
    await one.until_waiting(1)
    make = f"{script} >s; chmod +x s; exec python3 -c \"import os; os.system('./s a')\""

    assert (await one.shell(make)).stdout == expected


async def test_program_that_may_not_run_exits_126(one: WarmBench) -> None:
    job = Job(argv=("./s",), files=(InputFile("s", b"echo"),))

    result = await one.run(job)

    assert (result.outcome.exit_code, result.stderr) == (
        126,
        "./s: cannot be executed\n",
    )


@pytest.fixture
def home() -> Iterator[Home]:
    """A folder of one account, where that account reaches it."""
    with (
        lease_uid(is_root=os.geteuid() == 0) as uid,
        tempfile.TemporaryDirectory(prefix="home-") as parent,
    ):
        Path(parent).chmod(0o711)
        path = Path(parent, "home")
        path.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(path, uid, uid)
        yield Home(path, uid)


@pytest.fixture
async def homes(sandbox_available: None, tmp_path: Path) -> AsyncIterator[WarmBench]:
    async with open_warm(tmp_path / "runs", WarmLimits(homes=1)) as bench:
        yield bench


async def test_home_is_kept_between_runs_and_has_one_waiting(
    homes: WarmBench, home: Home
) -> None:
    await homes.warm.prepare(home)
    for count in (1, 2):
        (waited,) = await homes.until_waiting(1)
        script = "mkdir -p a; echo x >>a/f; wc -l <a/f; cd a"
        result = await homes.run(Job(argv=("sh", "-c", script), home=home))
        assert (result.stdout, waited.is_dead) == (f"{count}\n", True)
    inside = Job(argv=("cat", "f"), home=home, cwd="a")

    assert (await homes.run(inside)).stdout == "x\nx\n"
    assert (home.path / "a" / "f").stat().st_uid == home.uid


async def test_run_in_a_home_prepares_the_next(homes: WarmBench, home: Home) -> None:
    await homes.run(Job(argv=("true",), home=home))

    (waiting,) = await homes.until_waiting(1)
    assert waiting.shape.home == home


async def test_released_home_has_nothing_waiting(homes: WarmBench, home: Home) -> None:
    await homes.warm.prepare(home)
    (waited,) = await homes.until_waiting(1)

    await homes.warm.release(home)

    assert waited.is_dead
    assert homes.warm.waiting == ()


async def test_home_used_longest_ago_makes_room(homes: WarmBench, home: Home) -> None:
    other = Home(home.path.parent, home.uid)
    await homes.warm.prepare(home)
    (waited,) = await homes.until_waiting(1)

    await homes.warm.prepare(other)

    await until(lambda: waited.is_dead)
    (now,) = await homes.until_waiting(1)
    assert now.shape.home == other


async def test_result_of_an_earlier_run_is_not_collected(
    homes: WarmBench, home: Home
) -> None:
    write = Job(argv=("sh", "-c", "echo x >r"), home=home, collect=("r",))
    fail = Job(argv=("false",), home=home, collect=("r",))

    first, second = await homes.run(write), await homes.run(fail)

    assert [len(each.outcome.files) for each in (first, second)] == [1, 0]


async def test_missing_folder_of_a_home_is_named(homes: WarmBench, home: Home) -> None:
    result = await homes.run(Job(argv=("true",), home=home, cwd="none"))

    assert result.outcome.reason == "failed"
    assert result.outcome.message == "The folder to run in does not exist."
    assert not (home.path / "none").exists()


async def test_home_of_root_is_refused(homes: WarmBench, home: Home) -> None:
    with pytest.raises(SandboxFailedError):
        await homes.run(Job(argv=("true",), home=Home(home.path, 0)))


async def test_closing_leaves_nothing_waiting(
    sandbox_available: None, tmp_path: Path
) -> None:
    async with open_warm(tmp_path / "runs", WarmLimits(one_shot=2)) as bench:
        waiting = await bench.until_waiting(2)

    assert all(each.is_dead for each in waiting)
    assert list((tmp_path / "runs").iterdir()) == []
    assert not any(
        path.exists() for w in waiting if w.group for path in w.group.directories
    )
