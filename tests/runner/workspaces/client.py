"""A store of workspaces without a sandbox, and clients with claims to them."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from runner.protocol import (
    FileChange,
    WorkspaceAgree,
    WorkspaceClose,
    WorkspaceEntries,
    WorkspaceEntry,
    WorkspaceKey,
    WorkspaceOpen,
    WorkspaceOpened,
    WorkspaceScan,
    WorkspaceWrite,
    WorkspaceWritten,
)
from runner.sandbox import DisabledSandbox
from runner.workspaces.disks import Disks
from runner.workspaces.files import hash_bytes
from runner.workspaces.store import Workspaces
from tests.runner.workspaces.conftest import IS_ROOT


class Client:
    """One that has a workspace on a store."""

    def __init__(self, store: Workspaces, epoch: int = 1, workspace: str = "") -> None:
        self.store = store
        self.epoch = epoch
        self.workspace = workspace or str(uuid4())

    @property
    def head(self) -> tuple[str, str, int]:
        return ("1", self.workspace, self.epoch)

    def again(self, epoch: int) -> "Client":
        """Somebody else with a claim to the same workspace."""
        return Client(self.store, epoch, self.workspace)

    async def open(self) -> bool:
        reply = await self.store.answer(WorkspaceOpen(*self.head, ("task",)))
        assert isinstance(reply, WorkspaceOpened)
        return reply.is_new

    async def scan(self) -> tuple[WorkspaceEntry, ...]:
        reply = await self.store.answer(WorkspaceScan(*self.head))
        assert isinstance(reply, WorkspaceEntries)
        return reply.entries

    async def write(
        self, path: str, data: bytes | None, expected: bytes | None = None
    ) -> tuple[str, ...]:
        change = FileChange(path, data, hash_bytes(expected))
        reply = await self.store.answer(WorkspaceWrite(*self.head, (change,)))
        assert isinstance(reply, WorkspaceWritten)
        return reply.conflicts

    async def agree(self, **bases: bytes | None) -> None:
        hashes = {f"task/{name}": hash_bytes(data) for name, data in bases.items()}
        await self.store.answer(WorkspaceAgree(*self.head, hashes))

    async def close(self) -> None:
        await self.store.answer(WorkspaceClose(*self.head))


@asynccontextmanager
async def open_store(
    state: Path, *, require_hard_limits: bool = False
) -> AsyncIterator[Workspaces]:
    os.makedirs(state, mode=0o711, exist_ok=True)  # noqa: PTH103 - in a test only
    store = Workspaces(
        Disks(state, is_root=IS_ROOT),
        lambda: DisabledSandbox("There is none in this test."),
        is_root=IS_ROOT,
        generation="g",
        require_hard_limits=require_hard_limits,
    )
    store.prepare()
    try:
        yield store
    finally:
        await store.stop()


def home_of(client: Client) -> Path:
    return client.store._open[client.workspace].workspace.disk.home


def key_of(client: Client) -> WorkspaceKey:
    return WorkspaceKey(client.workspace, client.epoch)
