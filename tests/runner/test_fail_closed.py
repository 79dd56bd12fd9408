"""Where the sandbox is not sound nothing is executed at all."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from runner.bwrap.cgroups import Hierarchies
from runner.bwrap.hierarchies import find_hierarchies
from runner.bwrap.host import Host, Tools
from runner.doctor.doctor import Doctor, Settings
from runner.doctor.machine import check_bwrap_file
from runner.errors import SandboxFailedError, SandboxUnavailableError
from runner.limits import Limits
from runner.sandbox import DisabledSandbox, Job
from tests.runner.conftest import Recorder, gone, open_bench

ROOT_ONLY = pytest.mark.skipif(
    os.geteuid() != 0, reason="what is tried here needs to be root"
)


def fake_bwrap(path: Path, script: str, mode: int = 0o755) -> Host:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(mode)
    return Host(tools=Tools(bwrap=path))


def make_private(state: Path) -> None:
    (state / "runs").mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)


async def examine(
    host: Host,
    state: Path,
    *,
    hard: bool = False,
    hierarchies: Hierarchies | None = None,
) -> Doctor:
    make_private(state)
    found = find_hierarchies() if hierarchies is None else hierarchies
    doctor = Doctor(Settings(state, None, hard), host, found)
    await doctor.examine()
    await doctor.close()
    return doctor


def text_of(path: Path) -> str:
    return path.read_text()


def was_made(path: Path) -> bool:
    return path.exists()


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder the sandbox's account can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="public-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


async def assert_refuses(doctor: Doctor, canary: Path) -> None:
    assert not doctor.report.is_ok
    assert isinstance(doctor.sandbox, DisabledSandbox)
    job = Job(argv=("touch", str(canary)))
    with pytest.raises(SandboxUnavailableError):
        await doctor.sandbox.run(job, Recorder(), asyncio.Event())
    assert not was_made(canary)


VERSION = 'if [ "$1" = --version ]; then echo bubblewrap 0.9.0; exit 0; fi\n'
FAKES: dict[str, Callable[[Path], Host]] = {
    "missing": lambda path: Host(tools=Tools(bwrap=path)),
    "exits 1": lambda path: fake_bwrap(path, VERSION + "exit 1"),
    "runs uncontained": lambda path: fake_bwrap(
        path, VERSION + 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'
    ),
    "too old": lambda path: fake_bwrap(path, "echo bubblewrap 0.4.1"),
    "setuid": lambda path: fake_bwrap(path, VERSION, mode=0o4755),
    "writable by others": lambda path: fake_bwrap(path, VERSION, mode=0o777),
}


@ROOT_ONLY
@pytest.mark.parametrize("make", FAKES.values(), ids=FAKES)
async def test_bad_bwrap_closes_the_sandbox(
    tmp_path: Path, public: Path, make: Callable[[Path], Host]
) -> None:
    doctor = await examine(make(public / "bwrap"), tmp_path / "state")

    await assert_refuses(doctor, tmp_path / "canary")
    assert doctor.report.reason.startswith("Running code is off: ")


@ROOT_ONLY
@pytest.mark.long
async def test_hanging_bwrap_closes_the_sandbox(tmp_path: Path, public: Path) -> None:
    host = fake_bwrap(public / "bwrap", "exec sleep 60")

    async with asyncio.timeout(15):
        doctor = await examine(host, tmp_path / "state")

    await assert_refuses(doctor, tmp_path / "canary")


async def test_unknown_processor_closes_the_sandbox(tmp_path: Path) -> None:
    doctor = await examine(Host(machine="riscv64"), tmp_path / "state")

    await assert_refuses(doctor, tmp_path / "canary")
    assert "riscv64" in doctor.report.reason


async def test_machine_without_python_says_so(
    sandbox_available: None, tmp_path: Path
) -> None:
    host = Host(tools=Tools(python=Path("/usr/bin/no-such-python3")))
    doctor = await examine(host, tmp_path / "state")

    await assert_refuses(doctor, tmp_path / "canary")
    assert "no-such-python3" in doctor.report.reason


async def test_soft_limits_close_the_sandbox_where_hard_ones_are_required(
    sandbox_available: None, tmp_path: Path
) -> None:
    doctor = await examine(
        Host(), tmp_path / "state", hard=True, hierarchies=Hierarchies()
    )

    await assert_refuses(doctor, tmp_path / "canary")
    assert "softly" in doctor.report.reason


async def test_open_state_directory_closes_the_sandbox(
    sandbox_available: None, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    doctor = await examine(Host(), state)
    assert doctor.report.is_ok, doctor.report.reason

    state.chmod(0o755)
    await doctor.examine()

    await assert_refuses(doctor, tmp_path / "canary")


async def test_sandbox_that_breaks_later_is_closed_by_a_look(
    sandbox_available: None, tmp_path: Path
) -> None:
    doctor = await examine(Host(), tmp_path / "state")
    doctor._bwrap._host = Host(tools=Tools(bwrap=tmp_path / "gone"))

    await doctor.look()

    await assert_refuses(doctor, tmp_path / "canary")


async def test_control_group_that_cannot_be_joined_runs_nothing(
    sandbox_available: None, tmp_path: Path
) -> None:
    found = find_hierarchies()
    if not found.parents:
        pytest.skip("no control group may be made on this machine")
    async with open_bench(tmp_path / "runs", hierarchies=found) as bench:
        make_group = bench.sandbox._make_group

        def make_broken(limits: Limits) -> object:
            group = make_group(limits)
            assert group is not None
            group.remove_empty()
            return group

        bench.sandbox._make_group = make_broken  # type: ignore[method-assign, assignment]
        result = await bench.shell("echo ran")

    assert (result.outcome.reason, result.outcome.exit_code) == ("failed", None)
    assert result.stdout == ""


async def test_run_that_cannot_be_written_down_is_ended(
    sandbox_available: None, tmp_path: Path
) -> None:
    word = f"3{uuid4().int % 10**8:08d}"
    async with open_bench(tmp_path / "runs", hierarchies=Hierarchies()) as bench:
        (tmp_path / "runs").rmdir()
        with pytest.raises(SandboxFailedError):
            await bench.run(Job(argv=("sleep", word)))

    assert await gone(word, wanted=True)


@ROOT_ONLY
async def test_looks_at_a_closed_sandbox_share_one_examination(
    tmp_path: Path, public: Path
) -> None:
    calls = public / "calls"
    host = fake_bwrap(public / "bwrap", f"echo x >>{calls}; echo bubblewrap 0.4.1")
    doctor = await examine(host, tmp_path / "state")
    examined = text_of(calls)

    reports = await asyncio.gather(*[doctor.look() for _ in range(5)])

    assert {report.is_ok for report in reports} == {False}
    assert text_of(calls) == 2 * examined


@ROOT_ONLY
async def test_root_is_never_the_final_account(
    sandbox_available: None, tmp_path: Path
) -> None:
    async with open_bench(tmp_path / "runs", host=Host(is_root=False)) as bench:
        with pytest.raises((SandboxUnavailableError, SandboxFailedError)):
            await bench.shell("echo ran")


def test_bwrap_of_this_machine_is_sound(sandbox_available: None) -> None:
    assert check_bwrap_file(Host()).is_ok
