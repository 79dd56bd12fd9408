"""Running a line of shell with variables of one's own."""

from typing import Any

import pytest

from interviews.models import Event, Interview, Run
from tests.fakes.runner import FakeRunner
from tests.fakes.runner_process import RunnerProcess
from tests.interviews.workspace.test_socket_runs import join, run_to_end, write
from tests.interviews.workspace.windows import open_window

COMMAND = 'printf "%s\\n" "$GREETING" > said.txt && cat said.txt'


async def test_command_runs_with_bash_in_the_folder_and_is_on_record(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async with open_window(interview) as window:
        _, finished = await run_to_end(
            window,
            section=folder,
            kind="command",
            command=f"  {COMMAND} ",
            env={"GREETING": "hällo", "DEBUG": ""},
        )

    (run,) = fake_runner.runs
    assert run.request.argv == ("bash", "-c", COMMAND)
    assert run.request.cwd == folder
    assert run.request.env == {"GREETING": "hällo", "DEBUG": ""}
    started = next(frame for frame in window.seen if frame["type"] == "run.started")
    assert (started["kind"], started["argv_text"]) == ("command", COMMAND)
    assert (finished["exit_code"], finished["tests"]) == (0, None)
    row = await Run.objects.aget(interview=interview)
    assert row.kind == "command"
    event = await Event.objects.aget(interview=interview, kind="run.started")
    assert event.payload == {
        "run": str(row.pk),
        "run_kind": "command",
        "section": 0,
        "argv": ["bash", "-c", COMMAND],
        "env": {"GREETING": "hällo", "DEBUG": ""},
        "files": row.files,
    }
    assert set(row.files) == {
        f"{folder}/{name}"
        for name in ("README.md", "solution.py", "tests/test_solution.py")
    }


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"command": "   "}, "not_found", id="no-command"),
        pytest.param({"command": "x" * 2001}, "bad_frame", id="too-long"),
        pytest.param({"env": {"PATH": "/x"}}, "bad_variable", id="reserved"),
        pytest.param({"env": {"LD_PRELOAD": "x"}}, "bad_variable", id="linker"),
        pytest.param({"env": {"lower": "x"}}, "bad_variable", id="lower-case"),
        pytest.param({"env": {"A=B": "x"}}, "bad_variable", id="no-name"),
        pytest.param({"env": {"": "x"}}, "bad_variable", id="empty"),
        pytest.param({"env": {"A": "x" * 1001}}, "bad_variable", id="long-value"),
        pytest.param(
            {"env": {f"A{number}": "" for number in range(11)}},
            "bad_variable",
            id="too-many",
        ),
    ],
)
async def test_command_that_is_not_taken_says_why(
    interview: Interview,
    folder: str,
    fake_runner: FakeRunner,
    fields: dict[str, Any],
    code: str,
) -> None:
    async with open_window(interview) as window:
        refused = await window.ask(
            "run.start",
            **({"section": folder, "kind": "command", "command": "ls"} | fields),
        )

    assert refused["code"] == code
    assert not await Run.objects.aexists()


async def test_files_and_tests_take_variables_too(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async with open_window(interview) as window:
        for kind in ("file", "tests"):
            await run_to_end(window, section=folder, kind=kind, env={"SEED": "7"})

    assert [run.request.env for run in fake_runner.runs] == [{"SEED": "7"}] * 2


async def test_command_in_the_sandbox_writes_a_file_that_can_be_opened(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    async with open_window(interview) as window:
        outputs, finished = await run_to_end(
            window,
            section=folder,
            kind="command",
            command=COMMAND,
            env={"GREETING": "hällo"},
        )
        opened = await window.ask("document.open", path=f"{folder}/said.txt")

    assert (finished["reason"], finished["exit_code"]) == ("exited", 0)
    assert finished["peak_memory_bytes"] > 0
    assert join(outputs) == "hällo\n"
    assert opened["text"] == "hällo\n"


async def test_files_of_one_run_are_there_in_the_next(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    async def run(command: str) -> str:
        outputs, _finished = await run_to_end(
            window, section=folder, kind="command", command=command
        )
        return join(outputs)

    async with open_window(interview) as window:
        await run("mkdir out; head -c 9 /dev/zero > out/zeros; ln -s / out/root")
        await write(window, f"{folder}/new.py", "print('new')\n")
        assert await run("stat -c %s out/zeros; python3 new.py") == "9\nnew\n"
        assert await run("rm new.py; sed -i s/0/7/ solution.py; ls") == (
            "README.md\nout\nsolution.py\ntests\n"
        )
        gone = await window.ask("document.open", path=f"{folder}/new.py")
        changed = await window.ask("document.open", path=f"{folder}/solution.py")

    assert gone["code"] == "not_found"
    assert changed["text"] == "def add(a, b):\n    return 7\n"


async def test_result_of_earlier_tests_is_not_taken_for_that_of_later_ones(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    async with open_window(interview) as window:
        _, first = await run_to_end(window, section=folder, kind="tests")
        await write(window, f"{folder}/tests/conftest.py", "raise SystemExit(9)\n")
        _, second = await run_to_end(window, section=folder, kind="tests")

    assert len(first["tests"]) == 1
    assert second["tests"] is None
    assert second["exit_code"] != 0
