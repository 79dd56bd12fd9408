"""The terminals this process keeps: on record, in step with the files, to their end."""

import asyncio
import logging
from contextlib import suppress
from functools import partial
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError

from base.detached import on_shutdown, start_detached
from base.ids import new_token
from interviews.live_terminal_files import TerminalFiles
from interviews.runner_client import RunnerUnavailable
from interviews.services.terminals import (
    Kept,
    RecordingLostError,
    claim_recording,
    find_workspace,
    keep_recording,
    release_recording,
)
from interviews.terminal_news import tell_ended
from interviews.terminal_recording import (
    GONE,
    finish_shells,
    record_shell,
    write_off,
)

logger = logging.getLogger(__name__)

# This process among those that keep terminals on record.
OWNER = new_token()
# How often the lease is prolonged, and looked whether the interview goes on.
LOOK_SECONDS = 3.0
# With no shell open for so many looks, nothing is kept any more.
_EMPTY_LOOKS = 10

_keepers: dict[UUID, "TerminalKeeper"] = {}


class TerminalKeeper:
    """One interview's terminals, while this process has the lease of their record.

    It outlives the sockets: programs run on while nobody looks.
    """

    def __init__(self, interview_id: UUID) -> None:
        self.files = TerminalFiles(interview_id)
        self._interview_id = interview_id
        self._news = asyncio.Event()
        self._recorders: dict[str, asyncio.Task[None]] = {}
        self.task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look at once: a shell was started, or the interview ended."""
        self._news.set()

    async def execute(self) -> None:
        """Keep the terminals until none is left or another process has them."""
        claim = partial(claim_recording, self._interview_id, owner=OWNER)
        try:
            if await database_sync_to_async(claim)():
                await self._keep_all()
        except RecordingLostError:
            logger.info("Terminals of %s are kept elsewhere", self._interview_id)
        finally:
            if _keepers.get(self._interview_id) is self:
                del _keepers[self._interview_id]

    async def _keep_all(self) -> None:
        files = asyncio.create_task(self.files.keep())
        try:
            await self._keep()
        finally:
            tasks = [files, *self._recorders.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            release = partial(release_recording, self._interview_id, owner=OWNER)
            await asyncio.shield(database_sync_to_async(release)())

    async def _keep(self) -> None:
        empty = 0
        while empty < _EMPTY_LOOKS:
            kept = await self._look()
            if kept is not None and not kept.is_active:
                await self._finish()
                return
            if kept is not None:
                self._follow(kept)
                empty = 0 if kept.shells else empty + 1
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()
            self._news.clear()

    async def _look(self) -> Kept | None:
        """None while the database is away: the shells go on."""
        keep = partial(keep_recording, self._interview_id, owner=OWNER)
        try:
            return await database_sync_to_async(keep)()
        except DatabaseError:
            logger.exception("Terminals of %s: no lease", self._interview_id)
            return None

    def _follow(self, kept: Kept) -> None:
        for name, shell in kept.shells.items():
            task = self._recorders.get(name)
            if task is None or task.done():
                record = self._record(name, shell)
                self._recorders[name] = asyncio.create_task(record)

    async def _record(self, name: str, shell: str) -> None:
        """Keep one shell; what fails is tried again at the next look."""
        try:
            place = await database_sync_to_async(find_workspace)(self._interview_id)
            if place is None:
                return
            await record_shell(
                self._interview_id,
                name,
                place,
                owner=OWNER,
                on_output=self.files.use,
                on_change=self.files.hint,
            )
            await tell_ended(self._interview_id, name)
            self.wake()
        except RunnerUnavailable as error:
            if error.code in GONE:
                await write_off(self._interview_id, name, shell, owner=OWNER)
                await tell_ended(self._interview_id, name)
                self.wake()
        except RecordingLostError:
            self.wake()
        except DatabaseError:
            logger.exception("Terminal %s of %s", name, self._interview_id)

    async def _finish(self) -> None:
        """The interview is over: nothing of its terminals stays."""
        place = await database_sync_to_async(find_workspace)(self._interview_id)
        if place is None:
            return
        for task in self._recorders.values():
            task.cancel()
        await asyncio.gather(*self._recorders.values(), return_exceptions=True)
        await finish_shells(self._interview_id, *place)


def keep_terminals(interview_id: UUID) -> TerminalKeeper:
    """Have an interview's terminals kept, here unless another process does."""
    keeper = _keepers.get(interview_id)
    if keeper is None:
        keeper = _keepers[interview_id] = TerminalKeeper(interview_id)
        keeper.task = start_detached(keeper.execute(), name=f"terminals {interview_id}")
    keeper.wake()
    return keeper


def find_keeper(interview_id: UUID) -> TerminalKeeper | None:
    """Return who keeps an interview's terminals, if this process does."""
    return _keepers.get(interview_id)


async def let_terminals_go() -> None:
    """Stop keeping; the shells go on, and another process takes them from here."""
    tasks = [keeper.task for keeper in _keepers.values() if keeper.task]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


on_shutdown(let_terminals_go)
