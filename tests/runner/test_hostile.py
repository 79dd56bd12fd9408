"""What hostile programs try in a run, and what becomes of it."""

import asyncio
import time
from pathlib import Path
from uuid import uuid4

import pytest

from runner.limits import MIB, Limits
from runner.sandbox import Job
from tests.runner.conftest import Bench, process_with_argument, python_job

SHORT = Limits(wall_seconds=1)


async def test_fork_bomb_of_bash_is_stopped_at_the_wall(bench: Bench) -> None:
    result = await bench.shell(":(){ :|:& };: ; sleep 30", Limits(wall_seconds=2))

    assert result.outcome.reason in {"timeout", "exited", "output"}
    assert result.outcome.duration_ms < 4000


FORKS = """\
import os, time
count = 0
try:
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(20); os._exit(0)
        count += 1
except OSError:
    pass
time.sleep(1)
print(count, flush=True)
"""


async def test_forks_stop_at_the_limit_and_are_not_shared(bench: Bench) -> None:
    results = await asyncio.gather(bench.python(FORKS), bench.python(FORKS))

    assert all(55 <= int(result.stdout) <= 64 for result in results)


async def test_memory_hog_is_killed_and_named(bench: Bench) -> None:
    limits = Limits(memory_bytes=64 * MIB)
    result = await bench.python("x = b'x' * (200 << 20)", limits)

    assert (result.outcome.reason, result.outcome.exit_code) == ("memory", None)
    assert result.outcome.peak_memory_bytes <= 64 * MIB


CHILDREN = """\
import os, time
for _ in range(12):
    if os.fork() == 0:
        kept = b'x' * (20 << 20)
        time.sleep(5); os._exit(0)
time.sleep(5)
print('survived')
"""


async def test_memory_of_children_counts_together(bench: Bench) -> None:
    result = await bench.python(CHILDREN, Limits(memory_bytes=64 * MIB))

    assert (result.outcome.reason, result.stdout) == ("memory", "")


MEMFD = """\
import ctypes, os
libc = ctypes.CDLL(None)
for _ in range(40):
    fd = os.memfd_create('x')
    os.write(fd, b'x' * (8 << 20))
print('survived')
"""


async def test_memory_of_no_process_counts(bench: Bench) -> None:
    result = await bench.python(MEMFD, Limits(memory_bytes=64 * MIB))

    assert (result.outcome.reason, result.stdout) == ("memory", "")


FILLS = """\
import errno
for path in ('/tmp/x', '/dev/shm/x', 'x'):
    try:
        for number in range(12):
            with open(path + str(number), 'wb', 0) as file:
                for _ in range(8): file.write(b'x' * (1 << 20))
        print(path, 'filled')
    except OSError as error:
        print(path, errno.errorcode[error.errno])
"""


async def test_disks_are_finite(bench: Bench) -> None:
    result = await bench.python(FILLS, Limits(wall_seconds=20, memory_bytes=512 * MIB))

    assert result.stdout.split() == [
        *("/tmp/x", "ENOSPC", "/dev/shm/x", "ENOSPC", "x", "ENOSPC")
    ]


async def test_sparse_file_is_refused(bench: Bench) -> None:
    source = "import os\nopen('x','w').close()\nos.truncate('x', 1 << 50)"
    result = await bench.python(source)

    assert result.outcome.exit_code != 0


@pytest.mark.parametrize("target", ["", ">&2"], ids=["stdout", "stderr"])
async def test_endless_output_is_cut_and_stopped(bench: Bench, target: str) -> None:
    result = await bench.shell(f"yes {target}")

    assert result.outcome.reason == "output"
    assert result.outcome.truncated
    assert len(result.stdout + result.stderr) == 256 * 1024


async def test_output_above_what_is_kept_is_marked_not_killed(bench: Bench) -> None:
    result = await bench.shell("head -c 400000 /dev/zero; exit 3")

    assert (result.outcome.reason, result.outcome.exit_code) == ("exited", 3)
    assert result.outcome.truncated
    assert len(result.stdout) == 256 * 1024


async def test_output_of_any_bytes_passes(bench: Bench) -> None:
    result = await bench.shell(r"printf '\xff\x00\x1b]0;title\x07'")

    assert result.stdout == "\ufffd\0\x1b]0;title\x07"


STUBBORN = {
    "sleeps": "import time\ntime.sleep(60)",
    "ignores signals": (
        "import signal, time\n"
        "for n in set(signal.valid_signals()) - {9, 19}: signal.signal(n, signal.SIG_IGN)\n"
        "time.sleep(60)"
    ),
    "stops itself": "import os\nos.kill(os.getpid(), 19)",
    "closes its streams": "import os, time\nfor n in (0, 1, 2): os.close(n)\ntime.sleep(60)",
    "stops its supervisor": "import os, time\nos.kill(os.getppid(), 19)\ntime.sleep(60)",
    "burns": "import os\nfor _ in range(5): os.fork()\nwhile True: pass",
}


@pytest.mark.parametrize("source", STUBBORN.values(), ids=STUBBORN)
async def test_program_that_will_not_end_is_ended(bench: Bench, source: str) -> None:
    began = time.monotonic()
    result = await bench.python(source, SHORT)

    assert result.outcome.reason == "timeout"
    assert time.monotonic() - began < 3


DAEMON = """\
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp('sleep', ['sleep', 'NAME'])
    os._exit(0)
time.sleep(0.3)
"""


async def test_daemon_dies_with_the_run(bench: Bench) -> None:
    name = str(uuid4().int % 10**9 + 10**9)
    watching = asyncio.create_task(_seen(name))

    result = await bench.python(DAEMON.replace("NAME", name))

    assert await watching
    assert (result.outcome.reason, result.outcome.exit_code) == ("exited", 0)
    assert process_with_argument(name) == []


async def _seen(name: str) -> bool:
    for _ in range(200):
        if process_with_argument(name):
            return True
        await asyncio.sleep(0.01)
    return False


async def test_child_that_keeps_the_output_open_does_not_hold_the_run(
    bench: Bench,
) -> None:
    result = await bench.shell("(setsid sleep 60) & echo done")

    assert (result.outcome.reason, result.stdout) == ("exited", "done\n")
    assert result.outcome.duration_ms < 5000


async def test_forged_success_of_a_killed_run_is_no_exit_code(bench: Bench) -> None:
    source = "import os, sys\nprint('PASS', flush=True)\nos.kill(os.getppid(), 9)\nos.kill(1, 9)"
    job = python_job(source, SHORT)
    result = await bench.run(Job(job.argv, job.files, limits=SHORT, collect=("x",)))

    assert result.outcome.exit_code != 0


async def test_collect_does_not_follow_a_link_out(bench: Bench, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret of the machine")
    script = f"ln -s {secret} a; ln -s /etc/shadow b; mkfifo c; mkdir d; ln -s / e"
    job = Job(argv=("sh", "-c", script), collect=("a", "b", "c", "d", "e/etc/shadow"))

    result = await bench.run(job)

    assert result.outcome.files == ()
    assert result.outcome.exit_code == 0


async def test_collect_is_bounded_and_marked(bench: Bench) -> None:
    job = Job(argv=("sh", "-c", "head -c 2000000 /dev/zero > big"), collect=("big",))

    result = await bench.run(job)

    (file,) = result.outcome.files
    assert (len(file.data), file.truncated) == (512 * 1024, True)


async def test_daemons_are_dead_before_a_file_is_collected(bench: Bench) -> None:
    script = "(setsid sh -c 'while :; do echo x >> r; done') & sleep 0.2; echo end > r2"
    job = Job(argv=("sh", "-c", script), collect=("r", "r2"))
    result = await bench.run(job)

    assert (result.outcome.reason, result.outcome.exit_code) == ("exited", 0)
    assert [item.path for item in result.outcome.files] == ["r", "r2"]


async def test_no_descriptor_is_inherited(bench: Bench) -> None:
    for collect in ((), ("x",)):
        job = Job(argv=("ls", "/proc/self/fd"), collect=collect)
        result = await bench.run(job)
        assert result.stdout.split() == ["0", "1", "2", "3"]  # 3 is the folder read
