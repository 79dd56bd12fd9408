"""Without control groups memory is watched: softer, but it holds."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.limits import MIB, Limits
from tests.runner.conftest import PYTHON, ROOT, Bench

LIMITS = Limits(memory_bytes=64 * MIB, wall_seconds=10)
CHILDREN = """\
import os, time
for _ in range(6):
    if os.fork() == 0:
        kept = b'x' * (30 << 20)
        time.sleep(5); os._exit(0)
time.sleep(5)
print('survived')
"""


async def test_children_over_the_limit_are_stopped(soft_bench: Bench) -> None:
    result = await soft_bench.python(CHILDREN, LIMITS)

    assert (result.outcome.reason, result.stdout) == ("memory", "")
    assert result.outcome.peak_memory_bytes > 64 * MIB


async def test_memory_shared_by_forks_counts_once(soft_bench: Bench) -> None:
    source = (
        "import os, time\nkept = b'x' * (20 << 20)\n"
        "for _ in range(8):\n    if os.fork() == 0: time.sleep(0.5); os._exit(0)\n"
        "time.sleep(0.6)\nprint('fine')"
    )
    result = await soft_bench.python(source, LIMITS)

    assert (result.outcome.reason, result.stdout) == ("exited", "fine\n")


async def test_one_process_over_the_limit_fails(soft_bench: Bench) -> None:
    result = await soft_bench.python("x = b'x' * (300 << 20)\nprint('got it')", LIMITS)

    assert result.stdout == ""
    assert result.outcome.exit_code != 0


async def test_memory_of_no_process_is_refused(soft_bench: Bench) -> None:
    source = "import os\ntry: os.memfd_create('x')\nexcept OSError as e: print(e.errno)"
    result = await soft_bench.python(source)

    assert result.stdout == "1\n"


async def test_fork_limit_holds_without_control_groups(soft_bench: Bench) -> None:
    source = (
        "import os, time\ncount = 0\ntry:\n    while count < 200:\n"
        "        if os.fork() == 0: time.sleep(9); os._exit(0)\n        count += 1\n"
        "except OSError: pass\nprint(count, flush=True)"
    )
    result = await soft_bench.python(source)

    assert 0 < int(result.stdout) <= 64


async def test_levels_say_soft(soft_bench: Bench) -> None:
    assert soft_bench.sandbox.levels.to_json() == {
        "memory": "soft",
        "pids": "soft",
        "cpu": "soft",
        "workspace": "hard",
    }


@pytest.fixture
def public_copy() -> Iterator[Path]:
    """The runner where every account can read it."""
    directory = Path(tempfile.mkdtemp(prefix="runner-copy-"))
    shutil.copytree(ROOT / "runner", directory / "runner")
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def test_doctor_of_an_unprivileged_runner_on_bare_python(
    sandbox_available: None, public_copy: Path
) -> None:
    command = [PYTHON, "-m", "runner", "doctor", "--json"]
    if os.geteuid() == 0:
        account = ["--reuid=61999", "--regid=61999", "--clear-groups"]
        command = ["/usr/bin/setpriv", *account, "--", *command]
    env = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}

    soft = subprocess.run(
        [*command, "--no-require-hard-limits"],
        cwd=public_copy,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    hard = subprocess.run(
        command,
        cwd=public_copy,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (soft.returncode, hard.returncode) == (0, 1), soft.stdout + soft.stderr
    assert '"memory": "soft"' in soft.stdout
    assert "can only be limited softly" in hard.stdout
