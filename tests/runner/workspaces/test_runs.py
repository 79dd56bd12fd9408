"""Runs in a workspace that stays, in the real sandbox, over the real socket."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from runner.protocol import (
    Failure,
    FileChange,
    InputFile,
    RunStart,
    RunStarted,
    Status,
    StatusRequest,
    WorkspaceChanged,
    WorkspaceEntries,
    WorkspaceKey,
    WorkspaceRead,
    WorkspaceScan,
    WorkspaceWrite,
    WorkspaceWritten,
)
from runner.workspaces.files import hash_bytes
from tests.runner.conftest import gone, open_server, process_with_argument
from tests.runner.wire import answering, dial, ended, program
from tests.runner.workspaces.conftest import (
    IS_ROOT,
    mounts_below,
    names_in,
    refuse_to_mount,
)
from tests.runner.workspaces.room import Room, enter, open_room


@pytest.fixture
async def room(socket_path: Path) -> AsyncIterator[Room]:
    async with open_room(socket_path) as each:
        yield each


async def test_run_sees_what_was_written_and_the_next_one_what_it_left(
    room: Room,
) -> None:
    await room.write(**{"a.py": b"print('from the editor')\n"})

    first = await room.shell("python3 a.py | tee out; id -u; mkdir d; echo x > d/e")
    second = await room.shell("cat out d/e; rm out")

    assert first.text == "from the editor\n1000\n"
    assert second.text == "from the editor\nx\n"
    assert (second.finished.reason, second.finished.exit_code) == ("exited", 0)
    assert set(await room.scan()) == {"task/a.py", "task/d/e"}
    assert await room.read("task/d/e") == {"task/d/e": b"x\n"}


async def test_file_that_is_edited_while_a_program_runs_is_read_anew(
    room: Room, socket_path: Path
) -> None:
    await room.write(a=b"one", go=b"")
    room.send(room.command("sh", "-c", "while [ -e go ]; do sleep .05; done; cat a"))
    assert isinstance(await room.receive(), RunStarted)
    async with await enter(socket_path) as editor:
        editor.key = room.key
        changes = (
            FileChange("task/a", b"two", hash_bytes(b"one")),
            FileChange("task/go", None, hash_bytes(b"")),
        )
        await editor.ask(WorkspaceWrite(*editor.head, changes), WorkspaceWritten)

    assert (await room.rest()).text == "two"


async def test_hint_comes_when_the_output_is_quiet_and_before_the_end(
    room: Room,
) -> None:
    ran = await room.shell("echo x > a; echo done; sleep 1.2; echo y > b")

    assert ran.kinds == [
        *("RunStarted", "RunOutput", "WorkspaceChanged"),
        *("WorkspaceChanged", "RunFinished"),
    ]
    assert {each for each in ran.frames if isinstance(each, WorkspaceChanged)} == {
        WorkspaceChanged(room.key.id)
    }


async def test_hint_comes_while_the_output_never_is_quiet(room: Room) -> None:
    script = (
        "echo x > a; i=0; while [ $i -lt 30 ]; do echo $i; i=$((i+1)); sleep .1; done"
    )
    ran = await room.shell(script)

    assert ran.kinds.count("WorkspaceChanged") == 2
    assert ran.kinds.index("WorkspaceChanged") < len(ran.kinds) - 4


async def test_no_hint_comes_when_all_is_as_agreed(room: Room) -> None:
    await room.write(a=b"one")
    same = await room.shell("cat a; sleep 0.7")
    await room.shell("echo b > b; mkfifo p")
    await room.agree(await room.scan())
    agreed = await room.shell("rm p; cat b")
    deleted = await room.shell("rm b")

    assert same.kinds == ["RunStarted", "RunOutput", "RunFinished"]
    assert agreed.kinds == ["RunStarted", "RunOutput", "RunFinished"]
    assert deleted.kinds == ["RunStarted", "WorkspaceChanged", "RunFinished"]


async def test_scan_after_the_end_shows_everything(room: Room) -> None:
    """Also what was written through mapped memory, which moves no times."""
    script = """
import mmap, time
with open("a", "w+b") as file:
    file.write(b"before")
    file.flush()
    memory = mmap.mmap(file.fileno(), 0)
memory[0:1] = b"B"
print("mapped", flush=True)
time.sleep(1)
memory[0:6] = b"behind"
"""
    ran = await room.run("python3", "-c", script)

    assert ran.kinds.count("WorkspaceChanged") == 2
    assert (await room.scan())["task/a"].hash == hash_bytes(b"behind")


async def test_links_a_program_leaves_lead_nowhere(room: Room) -> None:
    await room.shell("ln -s /etc/passwd a; ln -s ../.. up; ln -s / root; mkfifo pipe")

    entries = await room.scan()

    assert {path: entry.kind for path, entry in entries.items()} == {
        "task/a": "link",
        "task/pipe": "special",
        "task/root": "link",
        "task/up": "link",
    }
    assert await room.read("task/a", "task/up/task/a", "task/root/etc/passwd") == {}


FILL = """
import os
try:
    for number in range(3):
        with open(f"big{number}", "wb") as file:
            for _ in range(30):
                file.write(bytes(1 << 20))
except OSError as error:
    print(error.strerror)
try:
    for number in range(5000):
        os.close(os.open(f"{number}", os.O_CREAT))
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.skipif(not IS_ROOT, reason="only root may mount")
async def test_disk_holds_no_more_than_it_may_and_recovers(room: Room) -> None:
    full = await room.run("python3", "-c", FILL)
    entries = await room.scan()
    room.send(WorkspaceWrite(*room.head, (FileChange("task/new", b"x" * 9999, ""),)))
    refusal = await room.receive()
    cleaned = await room.shell("rm -r -- *; ls | wc -l")
    await room.write(new=b"fits")

    assert full.text == "No space left on device\nNo space left on device\n"
    assert full.finished.reason == "exited"
    assert 3_900 < len(entries) <= 4_000
    assert isinstance(refusal, Failure)
    assert (refusal.code, refusal.id) == ("workspace_full", "1")
    assert cleaned.text == "0\n"
    assert set(await room.scan()) == {"task/new"}


async def test_run_that_overfills_a_plain_disk_is_stopped(
    sandbox_available: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.workspaces.disks.mount_disk", refuse_to_mount)
    async with open_server(tmp_path) as (path, _server), open_room(path) as room:
        room.send(StatusRequest())
        status = await room.receive()
        over = await room.run("python3", "-c", FILL + "\nimport time; time.sleep(20)")
        again = await room.shell("ls big* | wc -l; rm -r -- *; sleep 2.5")

    assert isinstance(status, Status)
    assert status.levels["workspace"] == "soft"
    assert (over.finished.reason, over.finished.exit_code) == ("cancelled", None)
    assert over.finished.message.startswith("The run wrote more than")
    assert over.finished.duration_ms < 15_000
    assert (again.text, again.finished.reason) == ("3\n", "exited")


async def test_run_with_a_stale_or_unknown_claim_is_refused(
    room: Room, socket_path: Path
) -> None:
    async with await enter(socket_path) as newer:
        newer.key = WorkspaceKey(room.key.id, 2)
        assert not (await newer.open()).is_new
        stale = await room.shell("true")
        room.key = WorkspaceKey(str(uuid4()), 1)
        unknown = await room.shell("true")

    refusals = [ran.frames for ran in (stale, unknown)]
    assert [[each.code for each in frames] for frames in refusals] == [  # type: ignore[union-attr]
        ["stale_epoch"],
        ["workspace_closed"],
    ]


async def test_run_that_brings_files_is_refused(room: Room) -> None:
    run = str(uuid4())
    files = (InputFile("a", b""),)
    room.send(RunStart(run, ("true",), files=files, workspace=room.key))
    refusal = await room.receive()

    assert isinstance(refusal, Failure)
    assert (refusal.code, refusal.run) == ("bad_request", run)


async def test_close_ends_what_runs_and_leaves_nothing(
    sandbox_available: None, tmp_path: Path
) -> None:
    word = f"3{uuid4().int % 10**8:08d}"
    async with open_server(tmp_path) as (path, server), open_room(path) as room:
        disk = server.workspaces._open[room.key.id].workspace.disk
        room.send(room.command("sh", "-c", f"setsid sleep {word} & sleep 30", wall=30))
        assert isinstance(await room.receive(), RunStarted)
        assert await gone(word, wanted=False)
        async with await enter(path) as closer:
            closer.key = room.key
            await closer.close()

        assert process_with_argument(word) == []
        assert not disk.path.exists()
        assert mounts_below(disk.path) == []
        assert (await room.rest()).finished.reason == "cancelled"
        closed = (await room.shell("true")).frames[0]
        assert (await room.open()).is_new
        assert await room.scan() == {}
    assert not disk.path.parent.exists()
    assert isinstance(closed, Failure)
    assert closed.code == "workspace_closed"


async def test_client_that_goes_away_leaves_the_workspace(socket_path: Path) -> None:
    async with open_room(socket_path) as room:
        await room.write(a=b"stays")
        key = room.key
    async with await enter(socket_path) as other:
        other.key = key

        assert not (await other.open()).is_new
        assert set(await other.scan()) == {"task/a"}


async def test_bad_request_is_answered_by_its_id(room: Room) -> None:
    room.send(WorkspaceRead("x9", room.key.id, 1, ("../escape",)))
    refusal = await room.receive()
    assert isinstance(refusal, Failure)
    assert (refusal.code, refusal.id, refusal.run) == ("bad_request", "x9", "")
    assert await room.scan() == {}


async def test_server_answers_while_a_hostile_tree_is_scanned(
    room: Room, socket_path: Path
) -> None:
    await room.shell("mkdir d; cd d; mkdir $(seq 3900); truncate -s 8M ../a ../b")
    async with await dial(socket_path) as other:
        for _ in range(5):
            room.send(WorkspaceScan(*room.head))
        began = asyncio.get_running_loop().time()
        other.send(RunStart(run := str(uuid4()), ("true",), cwd="/"))
        await other.until_last(run)
        waited = asyncio.get_running_loop().time() - began
        for _ in range(5):
            assert isinstance(await room.receive(), WorkspaceEntries)

    assert waited < 0.5


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A temporary directory of a runner's own that every account may pass through."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


async def test_killed_runner_loses_the_disk_and_the_next_one_sweeps_it(
    sandbox_available: None, tmp_path: Path, temporary: Path
) -> None:
    env = {"TMPDIR": str(temporary)}
    word = f"3{uuid4().int % 10**8:08d}"
    with program(tmp_path, env=env) as process:
        (await answering(tmp_path / "s")).writer.close()
        async with await enter(tmp_path / "s") as room:
            before = await room.open()
            await room.write(a=b"lost")
            room.send(room.command("sleep", word, wall=30))
            assert isinstance(await room.receive(), RunStarted)
            assert await gone(word, wanted=False)
            process.kill()
            await ended(process)
            key = room.key
    assert await gone(word, wanted=True)

    with program(tmp_path, env=env) as process:
        (await answering(tmp_path / "s")).writer.close()
        async with await enter(tmp_path / "s") as room:
            room.key = key
            after = await room.open()
            assert await room.scan() == {}
        process.terminate()
        assert await ended(process) == 0

    assert (before.is_new, after.is_new) == (True, True)
    assert before.generation != after.generation
    assert names_in(temporary) == []
    assert mounts_below(temporary) == mounts_below(tmp_path) == []
