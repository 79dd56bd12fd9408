"""Workspaces through the client: the same against the real runner and the fake one."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from uuid import uuid4

import pytest

from interviews.runner_client import (
    FileWrite,
    RunFinished,
    RunnerClient,
    RunnerUnavailable,
    RunSpec,
    WorkspaceChanged,
    WorkspaceRef,
    WorkspaceSession,
)
from tests.fakes.runner import FakeRun, open_fake_runner
from tests.fakes.runner_process import RunnerProcess, open_runner

MIB = 1024 * 1024


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def real_runner() -> Iterator[RunnerProcess]:
    with open_runner() as runner:
        yield runner


async def do_as_told(run: FakeRun) -> None:
    """What the commands of these tests do, for the runner that runs nothing."""
    assert run.disk is not None
    await run.start()
    if run.request.argv[-1] == "printf uno >a; rm b; printf x >c":
        await run.change("task/a", "uno")
        await run.change("task/b", None)
        await run.change("task/c", "x")
    await run.finish()


@pytest.fixture(params=["real", "fake"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[RunnerClient]:
    if request.param == "real":
        runner: RunnerProcess = request.getfixturevalue("real_runner")
        yield RunnerClient(f"unix:{runner.socket}")
        return
    async with open_fake_runner() as fake:
        fake.script = do_as_told
        yield RunnerClient(fake.path)


def new_ref(epoch: int = 1) -> WorkspaceRef:
    return WorkspaceRef(uuid4(), epoch)


async def shapes(session: WorkspaceSession) -> dict[str, tuple[str, str, str]]:
    return {
        entry.path: (entry.kind, entry.hash, entry.base)
        for entry in await session.scan()
    }


async def test_workspace_stays_between_sessions(client: RunnerClient) -> None:
    ref = new_ref()
    async with client.workspace(ref, roots=["task"]) as session:
        assert session.is_new
        assert await session.write([FileWrite("task/a", b"one", "")]) == frozenset()
    async with client.workspace(ref, roots=["task"]) as again:
        assert not again.is_new
        assert again.generation == session.generation
        assert await shapes(again) == {"task/a": ("text", sha(b"one"), sha(b"one"))}
        assert not again.is_truncated


async def test_changes_of_a_run_are_found_and_agreed_on(client: RunnerClient) -> None:
    ref = new_ref()
    async with client.workspace(ref, roots=["task"]) as session:
        writes = [FileWrite("task/a", b"one", ""), FileWrite("task/b", b"two", "")]
        await session.write(writes)
        command = ("sh", "-c", "printf uno >a; rm b; printf x >c")
        spec = RunSpec(command, cwd="task", workspace=ref)
        frames = [frame async for frame in client.run(spec)]

        assert WorkspaceChanged(str(ref.workspace)) in frames
        assert isinstance(frames[-1], RunFinished)
        one, two, uno, x = (sha(each) for each in (b"one", b"two", b"uno", b"x"))
        assert await shapes(session) == {
            "task/a": ("text", uno, one),
            "task/b": ("gone", "", two),
            "task/c": ("text", x, ""),
        }
        read = await session.read(["task/a", "task/b", "task/c"])
        assert read == {"task/a": b"uno", "task/c": b"x"}

        await session.agree({"task/a": uno, "task/b": "", "task/c": x})
        assert await shapes(session) == {
            "task/a": ("text", uno, uno),
            "task/c": ("text", x, x),
        }


async def test_write_is_compare_and_swap(client: RunnerClient) -> None:
    async with client.workspace(new_ref(), roots=["task"]) as session:
        await session.write([FileWrite(f"task/{n}", b"old", "") for n in "abcd"])
        old = sha(b"old")

        conflicts = await session.write(
            [
                FileWrite("task/a", b"new", old),
                FileWrite("task/b", b"new", ""),
                FileWrite("task/c", None, sha(b"other")),
                FileWrite("task/d", None, old),
                FileWrite("task/e", b"new", old),
                FileWrite("task/f", None, old),
            ]
        )
        repeated = await session.write([FileWrite("task/a", b"new", old)])

        assert conflicts == {"task/b", "task/c", "task/e"}
        assert repeated == frozenset()
        new = sha(b"new")
        assert await shapes(session) == {
            "task/a": ("text", new, new),
            "task/b": ("text", old, old),
            "task/c": ("text", old, old),
        }


async def test_kinds_are_told_apart(client: RunnerClient) -> None:
    files = {"b": b"\0", "t": b"\xc3\xa4", "u": b"\xff", "l": b"x" * 1_000_001}
    async with client.workspace(new_ref(), roots=["task"]) as session:
        await session.write(
            [FileWrite(f"task/{n}", data, "") for n, data in files.items()]
        )

        kinds = {path: kind for path, (kind, _, _) in (await shapes(session)).items()}

    assert kinds == {
        **dict.fromkeys(("task/b", "task/l", "task/u"), "binary"),
        "task/t": "text",
    }


async def test_more_than_one_frame_holds_is_written_and_read(
    client: RunnerClient,
) -> None:
    files = {f"task/{n}": bytes([n]) * (7 * MIB) for n in range(5)}
    async with client.workspace(new_ref(), roots=["task"]) as session:
        writes = [FileWrite(path, data, "") for path, data in files.items()]
        assert await session.write(writes) == frozenset()

        assert await session.read([*files, "task/none"]) == files
        assert await session.read([]) == {}
        await session.close_workspace()


async def test_only_roots_and_agreed_paths_are_listed(client: RunnerClient) -> None:
    ref = new_ref()
    async with client.workspace(ref, roots=["task", "other"]) as session:
        writes = [FileWrite(path, b"x", "") for path in ("task/a", "other/a", "else/a")]
        await session.write(writes)
        await session.agree({"else/a": "", "other/a": ""})
    async with client.workspace(ref, roots=["task"]) as session:
        assert set(await shapes(session)) == {"task/a"}
        await session.agree({"else/a": sha(b"y")})
        assert set(await shapes(session)) == {"task/a", "else/a"}


async def test_older_epoch_is_refused(client: RunnerClient) -> None:
    ref = new_ref(epoch=2)
    async with client.workspace(ref, roots=["task"]) as session:
        newer = WorkspaceRef(ref.workspace, 3)
        async with client.workspace(newer, roots=["task"]) as current:
            assert not current.is_new
            with pytest.raises(RunnerUnavailable) as caught:
                await session.scan()
            with pytest.raises(RunnerUnavailable) as at_run:
                await client.run_to_end(RunSpec(("true",), cwd="task", workspace=ref))
            await current.scan()

    for each in (caught, at_run):
        assert (each.value.code, each.value.retryable) == ("stale_epoch", False)


async def test_closed_workspace_says_so_and_is_new_when_opened(
    client: RunnerClient,
) -> None:
    ref = new_ref()
    async with client.workspace(ref, roots=["task"]) as session:
        await session.write([FileWrite("task/a", b"x", "")])
        await session.close_workspace()
        await session.close_workspace()
        with pytest.raises(RunnerUnavailable) as caught:
            await session.scan()
        with pytest.raises(RunnerUnavailable) as at_run:
            await client.run_to_end(RunSpec(("true",), cwd="task", workspace=ref))
    async with client.workspace(ref, roots=["task"]) as session:
        assert session.is_new
        assert await session.scan() == ()
        await session.close_workspace()

    for each in (caught, at_run):
        assert (each.value.code, each.value.retryable) == ("workspace_closed", True)


async def test_bad_path_is_refused(client: RunnerClient) -> None:
    async with client.workspace(new_ref(), roots=["task"]) as session:
        with pytest.raises(RunnerUnavailable) as caught:
            await session.read(["../escape"])

        assert caught.value.code == "bad_request"
        assert await session.scan() == ()


async def test_cancelled_call_does_not_confuse_the_next(client: RunnerClient) -> None:
    async with client.workspace(new_ref(), roots=["task"]) as session:
        await session.write([FileWrite("task/a", b"x" * MIB, "")])
        scanning = asyncio.create_task(session.scan())
        await asyncio.sleep(0)
        scanning.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await scanning

        assert await session.read(["task/a"]) == {"task/a": b"x" * MIB}
        assert len(await session.scan()) == 1


async def test_calls_of_several_tasks_take_turns(client: RunnerClient) -> None:
    async with client.workspace(new_ref(), roots=["task"]) as session:
        writes = (
            session.write([FileWrite(f"task/{n}", b"%d" % n, "")]) for n in range(10)
        )
        await asyncio.gather(*writes)

        assert len(await session.read([f"task/{n}" for n in range(10)])) == 10


async def test_runner_that_is_off_or_gone_is_told() -> None:
    async with open_fake_runner() as fake:
        client = RunnerClient(fake.path)
        fake.reason = "The sandbox is off."
        with pytest.raises(RunnerUnavailable) as off:
            async with client.workspace(new_ref(), roots=["task"]):
                pass
    with pytest.raises(RunnerUnavailable) as gone:
        async with client.workspace(new_ref(), roots=["task"]):
            pass

    assert off.value.code == "off"
    assert gone.value.code == "runner_unreachable"


async def test_restarted_fake_has_lost_its_files() -> None:
    ref = new_ref()
    async with open_fake_runner() as fake:
        client = RunnerClient(fake.path)
        async with client.workspace(ref, roots=["task"]) as before:
            await before.write([FileWrite("task/a", b"x", "")])
            fake.workspaces.restart("another")
            with pytest.raises(RunnerUnavailable) as caught:
                await before.scan()
        async with client.workspace(ref, roots=["task"]) as after:
            assert after.is_new
            assert (await client.status()).generation == after.generation == "another"

    assert caught.value.code == "workspace_closed"


async def test_run_of_a_workspace_streams_hints_of_the_fake() -> None:
    ref = new_ref()
    async with open_fake_runner() as fake:
        client = RunnerClient(fake.path)

        async def script(run: FakeRun) -> None:
            await run.start()
            await run.change("task/a", "x")
            await run.finish()

        fake.script = script
        async with client.workspace(ref, roots=["task"]):
            spec = RunSpec(("true",), workspace=ref)
            async with aclosing(client.run(spec)) as frames:
                kinds = [type(frame).__name__ async for frame in frames]

        assert kinds == ["RunStarted", "WorkspaceChanged", "RunFinished"]
        assert fake.workspaces.open[str(ref.workspace)].files == {"task/a": b"x"}
