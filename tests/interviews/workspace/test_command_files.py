"""What a run does to the files, and what is typed meanwhile, seen from the page."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from interviews.enums import TextOrigin
from interviews.models import (
    Document,
    Event,
    Interview,
    Run,
    WorkspaceFile,
    WorkspaceLease,
)
from interviews.selectors.origins import read_text_runs
from interviews.services.workspace_files import read_contents
from interviews.workspace.changes import apply_changes, make_replacement
from runner.protocol import RunQueued
from tests.fakes.runner import FakeRun, FakeRunner
from tests.fakes.workspace import FakeWorkspace, hash_of
from tests.interviews.workspace.test_socket_runs import follow, run_to_end
from tests.interviews.workspace.windows import Frame, Window, open_window, wait_until

START = "def add(a, b):\n    return 0\n"


@pytest.fixture
def path(folder: str) -> str:
    return f"{folder}/solution.py"


def doing(*steps: Callable[[FakeRun], Awaitable[None]]) -> Callable[..., Any]:
    """A run that does these things on its disk, and ends."""

    async def script(run: FakeRun) -> None:
        await run.start()
        for step in steps:
            await step(run)
        await run.finish()

    return script


def changing(
    path: str, data: str | bytes | None
) -> Callable[[FakeRun], Awaitable[None]]:
    async def change(run: FakeRun) -> None:
        await run.change(path, data)

    return change


async def waiting(run: FakeRun) -> None:
    """A run that goes on until it is stopped."""
    await run.start()
    await run.cancelled.wait()
    await run.finish("cancelled", None)


def disk_of(runner: FakeRunner, interview: Interview) -> FakeWorkspace:
    return runner.workspaces.open[str(interview.pk)]


async def text_of(interview: Interview, path: str) -> str:
    document = await Document.objects.aget(interview=interview, path=path)
    return document.text


def updates_of(window: Window, path: str) -> list[Frame]:
    return [
        frame
        for frame in window.seen
        if frame["type"] == "document.updates" and frame["path"] == path
    ]


def apply_all(text: str, frames: list[Frame]) -> str:
    for frame in frames:
        for update in frame["updates"]:
            text = apply_changes(text, update["changes"])
    return text


async def start(window: Window, folder: str) -> str:
    begun = await window.ask("run.start", section=folder, kind="file")
    await window.until_started(begun)
    return str(begun["run"])


async def stop(window: Window, run: str) -> Frame:
    await window.send(frame="run.stop", run=run)
    return await window.until("run.finished")


async def test_run_finds_the_files_of_all_sections_on_the_disk(
    interview: Interview, folder: str, path: str, fake_runner: FakeRunner
) -> None:
    async with open_window(interview) as window:
        await run_to_end(window, section=folder, kind="file")

    documents = Document.objects.filter(interview=interview)
    expected = {document.path: document.text.encode() async for document in documents}
    assert disk_of(fake_runner, interview).files == expected
    (run,) = fake_runner.runs
    assert (run.request.files, run.request.cwd) == ((), folder)
    assert len({name.partition("/")[0] for name in expected}) == 2


async def test_what_a_command_writes_comes_into_the_document(
    interview: Interview, folder: str, path: str, fake_runner: FakeRunner
) -> None:
    formatted = f'"""Adds."""\n\n{START}'
    fake_runner.script = doing(changing(path, formatted))
    async with open_window(interview) as window, open_window(interview) as other:
        await run_to_end(window, section=folder, kind="file")
        await other.until("run.finished")
        opened = await window.ask("document.open", path=path)

    assert (opened["text"], opened["version"]) == (formatted, 1)
    for seen in (window, other):
        kinds = [frame["type"] for frame in seen.seen]
        assert kinds.index("document.updates") < kinds.index("run.finished")
        assert apply_all(START, updates_of(seen, path)) == formatted
    runs = await sync_to_async(read_text_runs)(interview, path)
    assert [(run.length, run.origin) for run in runs] == [
        (13, TextOrigin.COMMAND),
        (len(START), TextOrigin.STARTER),
    ]
    disk = disk_of(fake_runner, interview)
    assert disk.bases[path] == hash_of(formatted.encode())


async def test_edits_reach_the_disk_while_something_runs(
    interview: Interview, folder: str, path: str, fake_runner: FakeRunner
) -> None:
    fake_runner.script = waiting
    async with open_window(interview) as window:
        run = await start(window, folder)
        await window.edit(path, 0, make_replacement(START, 0, 0, "x = 1\n"))
        disk = disk_of(fake_runner, interview)
        expected = f"x = 1\n{START}".encode()
        await wait_until(lambda: disk.files[path] == expected, 2)
        await stop(window, run)


async def test_command_and_editor_at_once_lose_nothing(
    interview: Interview, folder: str, path: str, fake_runner: FakeRunner
) -> None:
    go_on = asyncio.Event()

    async def write_then(run: FakeRun) -> None:
        await go_on.wait()
        await run.change(path, f"{START}# by the command\n")

    fake_runner.script = doing(write_then)
    async with open_window(interview) as window:
        run = await start(window, folder)
        typing = make_replacement(START, 0, 0, "# typed\n")
        stored = await window.edit(path, 0, typing)
        go_on.set()
        await follow(window, run)
        text = await text_of(interview, path)

    assert stored["type"] == "document.acknowledged"
    assert text == f"# typed\n{START}# by the command\n"
    assert disk_of(fake_runner, interview).files[path] == text.encode()
    seen = apply_all(apply_changes(START, typing), updates_of(window, path))
    assert seen == text


async def test_new_text_becomes_a_document(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    new = f"{folder}/out/result.txt"
    fake_runner.script = doing(changing(new, "42\n"))
    async with open_window(interview) as window:
        await run_to_end(window, section=folder, kind="file")
        (listed,) = [f for f in window.seen if f["type"] == "file.changed"]
        opened = await window.ask("document.open", path=new)

    assert new in [entry["path"] for entry in listed["documents"]]
    assert opened["text"] == "42\n"
    runs = await sync_to_async(read_text_runs)(interview, new)
    assert [(run.length, run.origin) for run in runs] == [(3, TextOrigin.COMMAND)]


async def test_file_that_a_command_deletes_goes(
    interview: Interview, folder: str, path: str, fake_runner: FakeRunner
) -> None:
    fake_runner.script = doing(changing(path, None))
    async with open_window(interview) as window:
        await run_to_end(window, section=folder, kind="tests")

    (gone,) = [f for f in window.seen if f["type"] == "file.changed"]
    assert (gone["action"], gone["path"]) == ("deleted", path)
    assert path not in [entry["path"] for entry in gone["documents"]]
    assert not await Document.objects.filter(interview=interview, path=path).aexists()
    deleted = await Event.objects.aget(interview=interview, kind="file.deleted")
    assert (deleted.origin, deleted.payload["path"]) == ("system", path)


async def test_edit_beats_the_deletion_by_a_command(
    interview: Interview, folder: str, path: str, fake_runner: FakeRunner
) -> None:
    go_on = asyncio.Event()

    async def delete_then(run: FakeRun) -> None:
        await go_on.wait()
        await run.change(path, None)

    fake_runner.script = doing(delete_then)
    async with open_window(interview) as window:
        run = await start(window, folder)
        await window.edit(path, 0, make_replacement(START, 0, 0, "x"))
        go_on.set()
        await follow(window, run)

    assert await text_of(interview, path) == f"x{START}"
    assert disk_of(fake_runner, interview).files[path] == f"x{START}".encode()


async def test_binary_and_odd_files_are_listed_and_kept_where_they_can_be(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    picture = f"{folder}/plot.png"

    async def write(run: FakeRun) -> None:
        assert run.disk is not None
        run.disk.odd[f"{folder}/dump"] = ("large", 9_000_000)
        run.disk.odd[f"{folder}/here"] = ("link", 4)
        await run.change(picture, b"\x89PNG\0")

    fake_runner.script = doing(write)
    async with open_window(interview) as window:
        await run_to_end(window, section=folder, kind="file")

    rows = WorkspaceFile.objects.filter(interview=interview).order_by("path")
    found = [(row.path, row.kind, row.size, bool(row.content)) async for row in rows]
    assert found == [
        (f"{folder}/dump", "large", 9_000_000, False),
        (f"{folder}/here", "link", 4, False),
        (picture, "binary", 5, True),
    ]
    contents = await sync_to_async(read_contents)(interview.pk, [picture])
    assert contents == {picture: b"\x89PNG\0"}


async def test_file_without_content_that_is_deleted_goes_from_the_disk(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    dump, link = f"{folder}/dump", f"{folder}/here"

    async def write(run: FakeRun) -> None:
        assert run.disk is not None
        run.disk.odd |= {dump: ("large", 9_000_000), link: ("link", 4)}

    async with open_window(interview) as window:
        fake_runner.script = doing(write)
        await run_to_end(window, section=folder, kind="file")
        await window.ask("file.delete", path=dump)
        await window.ask("file.delete", path=link)
        await window.ask("file.create", path=link, text="text now")
        fake_runner.script = FakeRunner.script
        await run_to_end(window, section=folder, kind="file")

    disk = disk_of(fake_runner, interview)
    assert disk.odd == {}
    assert disk.files[link] == b"text now"
    lease = await WorkspaceLease.objects.aget(interview=interview)
    assert lease.taken == {}
    assert not await WorkspaceFile.objects.filter(interview=interview).aexists()


async def test_other_line_ends_stay_on_the_disk(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    table, data = f"{folder}/table.csv", b"a;b\r\n1;2\r\n"
    fake_runner.script = doing(changing(table, data))
    async with open_window(interview) as window:
        await run_to_end(window, section=folder, kind="file")
        await run_to_end(window, section=folder, kind="file")

    assert await text_of(interview, table) == "a;b\n1;2\n"
    assert disk_of(fake_runner, interview).files[table] == data
    updates = Event.objects.filter(interview=interview, kind="document.updated")
    assert await updates.acount() == 0


async def test_names_that_differ_in_case_only_are_told(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    clash = f"{folder}/SOLUTION.py"
    fake_runner.script = doing(changing(clash, "x = 1\n"))
    async with open_window(interview) as window:
        await run_to_end(window, section=folder, kind="file")
        notice = next(f for f in window.seen if f["type"] == "notice")
        await run_to_end(window, section=folder, kind="file")

    assert (notice["level"], clash in notice["text"]) == ("warning", True)
    assert [f["type"] for f in window.seen].count("notice") == 1
    row = await WorkspaceFile.objects.aget(interview=interview)
    assert (row.path, row.kind, bool(row.content)) == (clash, "untracked", True)


async def test_run_that_waited_runs_on_what_it_was_asked_on(
    interview: Interview, folder: str, path: str, fake_runner: FakeRunner
) -> None:
    go_on = asyncio.Event()
    found: list[dict[str, bytes]] = []

    async def wait_in_line(run: FakeRun) -> None:
        await run.send(RunQueued(run.request.run, 2))
        await go_on.wait()
        assert run.disk is not None
        found.append(dict(run.disk.files))
        await waiting(run)

    fake_runner.script = wait_in_line
    newer = f"x{START}".encode()
    async with open_window(interview) as window:
        await window.ask("run.start", section=folder, kind="file")
        await window.until("run.queued", position=2)
        await window.edit(path, 0, make_replacement(START, 0, 0, "x"))
        go_on.set()
        started = await window.until("run.started")
        disk = disk_of(fake_runner, interview)
        await wait_until(lambda: disk.files[path] == newer, 2)
        await stop(window, started["run"])

    run = await Run.objects.aget(interview=interview)
    on_the_disk = {name: hash_of(data) for name, data in found[0].items()}
    assert {name: on_the_disk[name] for name in run.files} == run.files
    assert found[0][path] == START.encode()


async def test_files_are_there_before_the_first_run(
    interview: Interview, path: str, fake_runner: FakeRunner
) -> None:
    async with open_window(interview):
        await wait_until(lambda: str(interview.pk) in fake_runner.workspaces.open)
        disk = disk_of(fake_runner, interview)
        await wait_until(lambda: disk.files.get(path) == START.encode())

    lease = await WorkspaceLease.objects.aget(interview=interview)
    assert lease.runner == f"unix:{fake_runner.path}"


async def test_restart_of_the_runner_brings_every_file_back_and_says_what_is_lost(
    interview: Interview, folder: str, path: str, fake_runner: FakeRunner
) -> None:
    picture, dump = f"{folder}/plot.png", f"{folder}/dump"

    async def write(run: FakeRun) -> None:
        assert run.disk is not None
        run.disk.odd[dump] = ("large", 9_000_000)
        await run.change(picture, b"\0")

    async with open_window(interview) as window:
        fake_runner.script = doing(write)
        await run_to_end(window, section=folder, kind="file")
        before = dict(disk_of(fake_runner, interview).files)
        fake_runner.workspaces.restart("second")
        fake_runner.script = FakeRunner.script
        await run_to_end(window, section=folder, kind="file")

    assert disk_of(fake_runner, interview).files == before
    assert {path, picture} <= before.keys()
    (notice,) = [f for f in window.seen if f["type"] == "notice"]
    assert "restarted" in notice["text"]
    assert dump in notice["text"]
    assert picture not in notice["text"]
    kept = WorkspaceFile.objects.filter(interview=interview)
    assert [row.path async for row in kept] == [picture]


async def test_full_disk_is_told_and_ends_no_run(
    interview: Interview, folder: str, path: str, fake_runner: FakeRunner
) -> None:
    fake_runner.script = waiting
    async with open_window(interview) as window:
        run = await start(window, folder)
        fake_runner.workspaces.is_full = True
        await window.edit(path, 0, make_replacement(START, 0, 0, "x"))
        notice = await window.until("notice")
        fake_runner.workspaces.is_full = False
        disk = disk_of(fake_runner, interview)
        await wait_until(lambda: disk.files[path] == f"x{START}".encode(), 5)
        finished = await stop(window, run)

    assert "disk of the workspace is full" in notice["text"]
    assert finished["reason"] == "cancelled"
