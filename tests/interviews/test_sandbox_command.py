"""`manage.py sandbox` against a real runner, as an operator types it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from tests.fakes.runner_process import RunnerProcess, open_runner

ROOT = Path(__file__).resolve().parents[2]
Finished = subprocess.CompletedProcess[bytes]


@pytest.fixture(scope="module")
def runner() -> Iterator[RunnerProcess]:
    with open_runner() as each:
        yield each


def command(*words: str) -> list[str]:
    return [sys.executable, "manage.py", "sandbox", *words]


def environment(runner: RunnerProcess) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "RUNNER_SOCKET": str(runner.socket),
    }


def sandbox(runner: RunnerProcess, *words: str, stdin: bytes | None = None) -> Finished:
    with subprocess.Popen(
        command(*words),
        cwd=ROOT,
        env=environment(runner),
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        output, errors = process.communicate(stdin, timeout=60)
        return Finished(process.args, process.returncode, output, errors)


def test_output_and_exit_code_are_the_programs(runner: RunnerProcess) -> None:
    script = "printf 'a\\377b'; echo err >&2; echo $GREETING $# $1; exit 7"
    result = sandbox(
        runner, "--env", "GREETING=hello=you", "--", "sh", "-c", script, "x", "--", "y"
    )

    assert (result.returncode, result.stdout) == (7, b"a\xffbhello=you 2 --\n")
    assert result.stderr == b"err\n"


def test_standard_input_is_piped_through(runner: RunnerProcess) -> None:
    result = sandbox(runner, "--", "wc", "-c", stdin=b"\0" * 300_000)

    assert (result.returncode, result.stdout) == (0, b"300000\n")


def test_json_is_the_last_line_and_tells_the_limits(runner: RunnerProcess) -> None:
    result = sandbox(
        runner, "--json", "--seconds", "0.5", "--", "sh", "-c", "printf x; sleep 9"
    )

    output, facts = result.stdout.decode().splitlines()
    found = json.loads(facts)
    assert (result.returncode, output) == (1, "x")
    assert (found["reason"], found["exit_code"]) == ("timeout", None)
    assert found["limits"] == {
        "wall_seconds": 0.5,
        "memory_bytes": 256 * 1024 * 1024,
        "processes": 64,
        "workspace_bytes": 32 * 1024 * 1024,
        "output_bytes_kept": 256 * 1024,
        "output_bytes_kill": 1024 * 1024,
    }


@pytest.mark.long
def test_too_much_input_is_refused(runner: RunnerProcess) -> None:
    result = sandbox(runner, "--", "cat", stdin=b"x" * 1_100_000)

    assert (result.returncode, result.stdout) == (1, b"")
    assert b"larger than 1 MB" in result.stderr


@pytest.mark.parametrize(
    ("variable", "complaint"),
    [("NAME", "NAME=VALUE"), ("LD_PRELOAD=x", "may not be set")],
    ids=["no value", "reserved name"],
)
def test_variable_that_cannot_be_set_is_named(
    runner: RunnerProcess, settings: Settings, variable: str, complaint: str
) -> None:
    settings.RUNNER_SOCKET = str(runner.socket)

    with pytest.raises(CommandError, match=complaint):
        call_command("sandbox", "--env", variable, "--", "true")


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.long
def test_interrupt_ends_the_run_without_a_traceback(runner: RunnerProcess) -> None:
    with subprocess.Popen(
        command("--", "sh", "-c", "echo up; exec sleep 30"),
        cwd=ROOT,
        env=environment(runner),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A suite that runs in the background has interrupts ignored, and so would this.
        preexec_fn=_heed_interrupts,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.send_signal(signal.SIGINT)
        # The program itself would take longer.
        _output, errors = process.communicate(timeout=25)

    assert (process.returncode, errors) == (130, b"")
