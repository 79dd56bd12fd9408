"""Requests about workspaces: opened, fenced, agreed on, closed."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runner.errors import (
    RunnerBusyError,
    RunnerError,
    SandboxUnavailableError,
    StaleEpochError,
    WorkspaceClosedError,
    WorkspaceFullError,
)
from runner.protocol import (
    FileChange,
    WorkspaceAgree,
    WorkspaceEntry,
    WorkspaceRead,
    WorkspaceRequest,
    WorkspaceScan,
    WorkspaceWrite,
)
from runner.workspaces.files import hash_bytes
from runner.workspaces.store import Workspaces
from tests.runner.workspaces.client import Client, home_of, key_of, open_store
from tests.runner.workspaces.conftest import (
    IS_ROOT,
    mounts_below,
    names_in,
    refuse_to_mount,
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Workspaces]:
    async with open_store(tmp_path / "state") as each:
        yield each


async def test_workspace_is_new_once_and_has_its_roots(store: Workspaces) -> None:
    client = Client(store)

    assert await client.open()
    assert not await client.open()
    assert not await client.again(2).open()
    assert names_in(home_of(client)) == ["task"]
    assert await Client(store).open()


async def test_write_makes_a_base_and_agreement_changes_it(store: Workspaces) -> None:
    client = Client(store)
    await client.open()
    assert await client.write("task/a", b"one") == ()
    assert await client.write("task/b", b"two") == ()
    (home_of(client) / "task" / "a").write_bytes(b"uno")
    (home_of(client) / "task" / "b").unlink()
    one, two, uno = map(hash_bytes, (b"one", b"two", b"uno"))

    assert await client.write("task/a", b"three", b"one") == ("task/a",)
    assert await client.scan() == (
        WorkspaceEntry("task/a", "text", 3, uno, one),
        WorkspaceEntry("task/b", "gone", 0, "", two),
    )

    await client.agree(a=b"uno", b=None)
    assert await client.scan() == (WorkspaceEntry("task/a", "text", 3, uno, uno),)
    assert await client.write("task/a", None, b"uno") == ()
    assert await client.scan() == ()


async def test_older_claim_is_refused_whatever_it_asks(store: Workspaces) -> None:
    old, new = (client := Client(store, epoch=4)), client.again(5)
    await old.open()
    await old.write("task/a", b"one")
    await new.open()

    for ask in (old.open, old.scan, old.close, lambda: old.agree(a=None)):
        with pytest.raises(StaleEpochError) as caught:
            await ask()
        assert caught.value.code == "stale_epoch"
    with pytest.raises(StaleEpochError):
        await old.write("task/a", b"two", b"one")
    with pytest.raises(StaleEpochError), store.visit(key_of(old), asyncio.Event()):
        pass
    assert [entry.hash for entry in await new.scan()] == [hash_bytes(b"one")]


async def test_older_claim_is_refused_after_the_newer_one_has_closed(
    store: Workspaces,
) -> None:
    client = Client(store, epoch=4)
    await client.again(5).open()
    await client.again(5).close()

    with pytest.raises(StaleEpochError):
        await client.open()


async def test_claim_alone_takes_over_without_opening(store: Workspaces) -> None:
    client = Client(store, epoch=1)
    await client.open()
    await client.again(2).scan()

    with pytest.raises(StaleEpochError):
        await client.scan()


def is_leased(uid: int) -> bool:
    return f"interviewlm-sandbox-uid-{uid}\n" in Path("/proc/net/unix").read_text()


async def test_request_about_a_workspace_that_is_not_open_says_so(
    store: Workspaces,
) -> None:
    client = Client(store)
    requests: list[WorkspaceRequest] = [
        WorkspaceScan(*client.head),
        WorkspaceRead(*client.head, ("a",)),
        WorkspaceWrite(*client.head, ()),
        WorkspaceAgree(*client.head, {}),
    ]

    for request in requests:
        with pytest.raises(WorkspaceClosedError) as caught:
            await store.answer(request)
        assert (caught.value.code, caught.value.retryable) == ("workspace_closed", True)
    with (
        pytest.raises(WorkspaceClosedError),
        store.visit(key_of(client), asyncio.Event()),
    ):
        pass
    await client.close()


async def test_close_removes_everything_and_forgets(store: Workspaces) -> None:
    client = Client(store)
    await client.open()
    await client.write("task/a", b"one")
    path = home_of(client).parent.parent

    await asyncio.gather(client.close(), client.close(), client.again(1).close())

    assert not path.exists()
    assert mounts_below(path) == []
    assert await client.open()
    assert await client.scan() == ()


async def test_close_ends_who_visits_and_waits_for_them(store: Workspaces) -> None:
    client = Client(store)
    await client.open()
    cancel, entered = asyncio.Event(), asyncio.Event()

    async def visit() -> bool:
        with store.visit(key_of(client), cancel) as workspace:
            entered.set()
            await cancel.wait()
            with pytest.raises(WorkspaceClosedError):
                await workspace.scan()
            return workspace.disk.home.exists()

    visitor = asyncio.create_task(visit())
    await entered.wait()
    path = home_of(client)
    await client.close()

    assert visitor.done()
    assert await visitor
    assert not path.exists()


async def test_idle_workspace_is_closed_and_others_stay(store: Workspaces) -> None:
    idle, used = Client(store), Client(store)
    await idle.open()
    await used.open()
    with store.visit(key_of(used), asyncio.Event()):
        await store.close_idle(3600)
        await idle.scan()
        await store.close_idle(0)

    with pytest.raises(WorkspaceClosedError):
        await idle.scan()
    assert await used.scan() == ()
    await store.close_idle(0)
    with pytest.raises(WorkspaceClosedError):
        await used.scan()


async def test_workspace_unused_longest_makes_room(
    store: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.workspaces.store.MAX_OPEN", 2)
    first, second, third = (Client(store) for _ in range(3))
    await first.open()
    await second.open()
    await first.scan()
    await third.open()

    assert await first.scan() == ()
    with pytest.raises(WorkspaceClosedError):
        await second.scan()
    cancel = asyncio.Event()
    with (
        store.visit(key_of(first), cancel),
        store.visit(key_of(third), cancel),
        pytest.raises(RunnerBusyError),
    ):
        await second.open()


async def test_account_belongs_to_one_workspace_and_is_given_back(
    store: Workspaces,
) -> None:
    clients = [Client(store) for _ in range(3)]
    for client in clients:
        await client.open()

    uids = {home_of(client).stat().st_uid for client in clients}

    assert len(uids) == (3 if IS_ROOT else 1)
    assert all(map(is_leased, uids)) is IS_ROOT
    assert 0 not in uids
    for client in clients:
        await client.close()
    assert not any(map(is_leased, uids))


@pytest.mark.skipif(not IS_ROOT, reason="elsewhere everything has our own account")
async def test_process_that_survived_is_ended_with_the_workspace(
    store: Workspaces,
) -> None:
    client = Client(store)
    await client.open()
    home = home_of(client)
    uid = home.stat().st_uid
    process = await asyncio.create_subprocess_exec(
        "sleep", "60", cwd=home, user=uid, group=uid, extra_groups=[]
    )

    await client.close()

    assert await process.wait() == -9
    assert not home.exists()


async def test_full_disk_is_told_after_everything_else_is_written(
    store: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def write(fd: int, data: bytes) -> int:
        if bytes(data) == b"too much":
            raise OSError(28, "No space left on device")
        return real(fd, data)

    client = Client(store)
    await client.open()
    monkeypatch.setattr("os.write", write)
    contents = {"a": b"1", "b": b"too much", "c": b"3"}
    changes = [FileChange(f"task/{n}", data, "") for n, data in contents.items()]
    with pytest.raises(WorkspaceFullError) as caught:
        await store.answer(WorkspaceWrite(*client.head, tuple(changes)))
    monkeypatch.undo()

    assert caught.value.code == "workspace_full"
    assert [(each.path, each.hash == each.base) for each in await client.scan()] == [
        ("task/a", True),
        ("task/c", True),
    ]


async def test_number_of_bases_is_bounded(
    store: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.workspaces.workspace.MAX_BASES", 2)
    client = Client(store)
    await client.open()

    with pytest.raises(RunnerError):
        await client.agree(a=b"1", b=b"2", c=b"3")


async def test_client_that_gives_up_leaves_no_work_behind(store: Workspaces) -> None:
    client = Client(store)
    await client.open()
    tasks = [
        asyncio.create_task(client.write(f"task/{number}", b"x"))
        for number in range(20)
    ]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    entries = await client.scan()

    assert {entry.hash == entry.base for entry in entries} <= {True}
    await client.close()


async def test_concurrent_opens_make_one(store: Workspaces) -> None:
    client = Client(store)

    news = await asyncio.gather(*(client.open() for _ in range(5)))

    assert sorted(news) == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("require_hard_limits", "is_refused"), [(True, True), (False, False)]
)
async def test_plain_disk_is_refused_where_hard_limits_are_required(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    require_hard_limits: bool,
    is_refused: bool,
) -> None:
    monkeypatch.setattr("runner.workspaces.disks.mount_disk", refuse_to_mount)
    async with open_store(
        tmp_path / "state", require_hard_limits=require_hard_limits
    ) as store:
        assert store.level == "soft"
        if is_refused:
            with pytest.raises(SandboxUnavailableError):
                await Client(store).open()
        else:
            assert await Client(store).open()


async def test_stopped_store_opens_nothing_more(tmp_path: Path) -> None:
    async with open_store(tmp_path / "state") as store:
        client = Client(store)
        await client.open()
        path = home_of(client)
        await store.stop()

        assert not path.exists()
        with pytest.raises(SandboxUnavailableError):
            await client.open()


async def test_files_that_cannot_be_reached_are_told(store: Workspaces) -> None:
    client = Client(store)
    await client.open()
    home = home_of(client)
    (home / "task").rmdir()
    home.rename(home.with_name("hidden"))

    with pytest.raises(RunnerError) as caught:
        await client.scan()

    assert caught.value.code == "runner_failed"
    home.with_name("hidden").rename(home)
