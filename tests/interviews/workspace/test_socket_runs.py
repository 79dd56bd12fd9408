"""Running code in the real sandbox, seen from the page."""

from typing import Any

from base.text import utf16_length
from interviews.enums import RunState
from interviews.models import Event, Interview, Run
from tests.fakes.runner_process import RunnerProcess
from tests.interviews.workspace.windows import Frame, Window, open_window

SOLUTION_LENGTH = 28


async def run_to_end(window: Window, **fields: Any) -> tuple[list[Frame], Frame]:
    """Start a run; return its output frames and how it finished."""
    begun = await window.ask("run.start", **fields)
    assert begun["type"] in {"run.queued", "run.started"}, begun
    return await follow(window, begun["run"])


async def follow(window: Window, run: str) -> tuple[list[Frame], Frame]:
    outputs = []
    while True:
        frame = await window.next()
        assert frame["type"] != "closed"
        if frame["type"] == "run.output" and frame["run"] == run:
            outputs.append(frame)
        if frame["type"] == "run.finished" and frame["run"] == run:
            return outputs, frame


def join(outputs: list[Frame]) -> str:
    """The output as the page puts it together; every offset must fit."""
    text = ""
    for frame in outputs:
        assert frame["offset"] == utf16_length(text)
        text += frame["text"]
    return text


async def write(window: Window, path: str, text: str) -> None:
    answer = await window.ask("file.create", path=path, text=text)
    assert answer["type"] == "file.changed", answer


async def test_hello_says_that_running_works(
    interview: Interview, real_runner: RunnerProcess
) -> None:
    async with open_window(interview) as window:
        assert window.hello["running"] == {"available": True, "message": ""}


async def test_visible_tests_fail_and_then_pass(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        outputs, failed = await run_to_end(window, section=folder, kind="tests")
        await window.edit(path, 0, [SOLUTION_LENGTH - 2, [1, "a + b"], 1])
        _, passed = await run_to_end(window, section=folder, kind="tests")

    assert (failed["reason"], failed["exit_code"]) == ("exited", 1)
    assert [(t["name"], t["outcome"]) for t in failed["tests"]] == [
        ("test_solution › test_add", "failed")
    ]
    assert "assert 0 == 3" in failed["tests"][0]["message"]
    assert "1 failed" in join(outputs)
    assert passed["exit_code"] == 0
    assert [t["outcome"] for t in passed["tests"]] == ["passed"]
    assert passed["duration_ms"] > 0
    assert passed["peak_memory_bytes"] > 0

    rows = [run async for run in Run.objects.order_by("created_at")]
    assert [run.state for run in rows] == [RunState.FINISHED] * 2
    assert rows[0].output == join(outputs)
    assert rows[0].files[path] != rows[1].files[path]
    kinds = Event.objects.filter(interview=interview, kind__startswith="run.")
    logged = [
        (kind, payload.get("passed"), payload.get("failed"))
        async for kind, payload in kinds.order_by("seq").values_list("kind", "payload")
        if kind != "run.output"
    ]
    assert logged == [
        ("run.started", None, None),
        ("run.finished", 0, 1),
        ("run.started", None, None),
        ("run.finished", 1, 0),
    ]


async def test_file_runs_in_its_folder(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    program = (
        "import os, sys\n"
        "print(sorted(os.listdir('..')), sorted(os.listdir('.')))\n"
        "print('wärning 😀', file=sys.stderr)\n"
    )
    async with open_window(interview) as window:
        await write(window, f"{folder}/show.py", program)
        outputs, finished = await run_to_end(
            window, section=folder, kind="file", path=f"{folder}/show.py"
        )

    started = next(frame for frame in window.seen if frame["type"] == "run.started")
    assert started["argv_text"] == "python3 show.py"
    assert finished["tests"] is None
    text = join(outputs)
    assert f"'{folder}'" in text
    assert "'show.py', 'solution.py', 'tests'" in text
    errors = "".join(f["text"] for f in outputs if f["stream"] == "stderr")
    assert errors == "wärning 😀\n"


async def test_javascript_and_typescript_files_run(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    async with open_window(interview) as window:
        await write(window, f"{folder}/a.js", "console.log('js', 1 + 1);\n")
        await write(
            window, f"{folder}/b.ts", "const n: number = 2;\nconsole.log('ts', n);\n"
        )
        for name, expected in (("a.js", "js 2\n"), ("b.ts", "ts 2\n")):
            outputs, finished = await run_to_end(
                window, section=folder, kind="file", path=f"{folder}/{name}"
            )
            assert finished["exit_code"] == 0, join(outputs)
            assert join(outputs) == expected


async def test_run_survives_a_reload_and_is_resumed_at_an_offset(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    program = (
        "import time\n"
        "for n in range(8):\n"
        "    print('line', n, flush=True)\n"
        "    time.sleep(0.1)\n"
    )
    async with open_window(interview) as window:
        await write(window, f"{folder}/slow.py", program)
        await window.ask(
            "run.start", section=folder, kind="file", path=f"{folder}/slow.py"
        )
        first = await window.until("run.output")
    async with open_window(interview) as window:
        live = window.hello["live_run"]
        assert (live["section"], live["kind"], live["state"]) == (
            folder,
            "file",
            "running",
        )
        known = utf16_length(first["text"])
        await window.send(frame="run.resume", run=live["run"], offset=known)
        outputs, finished = await follow(window, live["run"])
        rest = "".join(frame["text"] for frame in outputs)
        again = await window.ask("run.resume", run=live["run"], offset=0)
        assert again["type"] == "run.started"
        stored, finished_again = await follow(window, live["run"])

    assert outputs[0]["offset"] == known
    expected = "".join(f"line {n}\n" for n in range(8))
    assert first["text"] + rest == expected
    assert join(stored) == expected
    assert finished == finished_again
    assert finished["exit_code"] == 0


async def test_run_is_stopped(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    program = "import os, time\nos.write(1, b'started\\n')\ntime.sleep(20)\n"
    async with open_window(interview) as window:
        await write(window, f"{folder}/slow.py", program)
        queued = await window.ask(
            "run.start", section=folder, kind="file", path=f"{folder}/slow.py"
        )
        await window.until("run.output")
        await window.send(frame="run.stop", run=queued["run"])
        finished = await window.until("run.finished")

    assert finished["reason"] == "cancelled"
    run = await Run.objects.aget(pk=queued["run"])
    assert (run.state, run.output) == (RunState.FINISHED, "started\n")


async def test_endless_output_is_cut_and_ended(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    async with open_window(interview) as window:
        await write(window, f"{folder}/loud.py", "while True: print('漢' * 1000)\n")
        outputs, finished = await run_to_end(
            window, section=folder, kind="file", path=f"{folder}/loud.py"
        )

    assert finished["reason"] == "output"
    assert finished["truncated"] is True
    text = join(outputs)
    assert 200_000 < len(text.encode()) <= 256 * 1024 + 3
    run = await Run.objects.aget()
    assert run.output == text
    assert run.is_truncated


async def test_same_id_attaches_to_the_same_run(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    fields = {"id": "run-once", "section": folder, "kind": "file"}
    async with open_window(interview) as window:
        first = await window.ask("run.start", **fields)
        _, finished = await follow(window, first["run"])
    async with open_window(interview) as window:
        second = await window.ask("run.start", **fields)
        _, finished_again = await follow(window, second["run"])

    assert first["run"] == second["run"]
    assert finished == finished_again
    assert await Run.objects.acount() == 1


async def test_runner_killed_during_a_run_ends_it_with_a_sentence(
    interview: Interview, folder: str, own_runner: RunnerProcess
) -> None:
    program = "import time\nprint('started', flush=True)\ntime.sleep(20)\n"
    async with open_window(interview) as window:
        await write(window, f"{folder}/slow.py", program)
        await window.ask(
            "run.start", section=folder, kind="file", path=f"{folder}/slow.py"
        )
        await window.until("run.output")
        own_runner.kill()
        finished = await window.until("run.finished")

        assert finished["reason"] == "failed"
        assert "Run it again" in finished["message"]
        own_runner.start()
        _, finished = await run_to_end(window, section=folder, kind="file")
        assert finished["exit_code"] == 0
