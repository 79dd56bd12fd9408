"""Keeps the documents of an interview and the files on a runner's disk in step.

The documents are the truth, the disk is their projection. What commands change there
comes back as updates of the documents. Nobody writes over what he has not seen: the
disk is changed only where it still is as it was scanned.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Literal
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError

from base.detached import start_detached
from interviews.availability import check_running
from interviews.errors import InterviewError
from interviews.runner_client import (
    FileWrite,
    RunnerClient,
    RunnerUnavailable,
    WorkspaceSession,
    choose_runner,
)
from interviews.services.command_changes import Applied, apply_scan, pin_contents
from interviews.services.runs import (
    interrupt_orphaned_runs,
    list_orphaned_interviews,
)
from interviews.services.workspace_files import read_contents
from interviews.services.workspaces import (
    Claim,
    Scan,
    WorkspaceLostError,
    claim_ended_workspace,
    claim_idle_workspace,
    claim_workspace,
    find_leased_runner,
    has_contents,
    list_open_leases,
    look_at_disk,
    note_closed,
    note_opened,
    note_told,
    read_marker,
)
from interviews.terminal_recording import finish_shells
from interviews.workspace_news import WorkspaceNews

logger = logging.getLogger(__name__)

# How often a change of the documents is looked for while something runs.
LOOK_SECONDS = 0.5
# Between two scans of the disk, however often it changes.
LEAST_BETWEEN_SECONDS = 0.3
# How long a run that has ended waits for its changes to be stored.
SETTLE_SECONDS = 15.0
# What is left after so many passes waits for the next look. A disk that was different
# from the scan so many times is being changed all the time.
MOST_PASSES = 40
MOST_CONFLICTS = 3
_FULL = "workspace_full"


Left = Literal["nothing", "more", "conflicts"]


class LiveWorkspace:
    """One workspace that this process keeps in step; calls take turns."""

    def __init__(self, claim: Claim, session: WorkspaceSession) -> None:
        self.claim = claim
        self.client = RunnerClient(claim.runner)
        self._session = session
        self.news = WorkspaceNews(claim.interview_id)
        self._lock = asyncio.Lock()
        self._hinted = asyncio.Event()
        self._marker: object = None
        # What was found in step: the scan, and the marker of the documents.
        self._in_step: tuple[Scan, object] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._settling = asyncio.Event()

    def hint(self) -> None:
        """Say that something on the disk has changed."""
        self._hinted.set()

    async def sync(self) -> None:
        """Bring both sides together, as far as nobody changes them meanwhile.

        Raises RunnerUnavailable, WorkspaceLostError, or InterviewEndedError.
        """
        conflicts = 0
        async with self._lock:
            for _pass in range(MOST_PASSES):
                self._marker = await self._read_marker()
                left = await self._pass()
                conflicts += left == "conflicts"
                if left == "nothing" or conflicts == MOST_CONFLICTS:
                    return

    async def _read_marker(self) -> object:
        return await database_sync_to_async(read_marker)(self.claim.interview_id)

    async def _pass(self) -> Left:
        """Scan, read, merge, write; say what is left to do."""
        scan = await self._scan()
        if self._in_step == (scan, self._marker):
            return "nothing"
        look = await database_sync_to_async(look_at_disk)(self.claim, scan)
        if not look.has_work:
            self._in_step = scan, self._marker
            return "nothing"
        contents = await self._session.read(look.reads) if look.reads else {}
        applied = await database_sync_to_async(apply_scan)(self.claim, scan, contents)
        await self.news.tell(applied)
        if await self._write(applied):
            return "conflicts"
        return "more" if applied.is_partial else "nothing"

    async def _scan(self) -> Scan:
        entries = await self._session.scan()
        return Scan(entries, is_whole=not self._session.is_truncated)

    async def _write(self, applied: Applied) -> bool:
        """Tell the disk; say whether it was different somewhere."""
        kept = await database_sync_to_async(read_contents)(
            self.claim.interview_id, list(applied.kept)
        )
        files = [
            FileWrite(path, data, applied.kept[path]) for path, data in kept.items()
        ]
        conflicts = await self._write_all([*applied.writes, *files])
        if applied.agrees:
            await self._session.agree(applied.agrees)
        told = {
            path: base for path, base in applied.told.items() if path not in conflicts
        }
        if told:
            await database_sync_to_async(note_told)(self.claim, told)
        return bool(conflicts)

    async def _write_all(self, writes: list[FileWrite]) -> frozenset[str]:
        if not writes:
            return frozenset()
        try:
            return await self._session.write(writes)
        except RunnerUnavailable as error:
            if error.code == _FULL:
                await self.news.tell_full()
            raise

    async def pin(self, files: Mapping[str, str]) -> None:
        """Have exactly these contents {path: hash} on the disk, in their folders.

        Like `sync`, which comes before it.
        """
        async with self._lock:
            marker = await self._read_marker()
            has_these = await database_sync_to_async(has_contents)(self.claim, files)
            if has_these and marker == self._marker:
                return
            scan = await self._scan()
            writes = await database_sync_to_async(pin_contents)(self.claim, scan, files)
            await self._write_all(writes)
            # The disk is behind now: the next look brings it up to date.
            self._marker = None

    def begin(self) -> None:
        """Keep both sides in step from now on, until `settle` or `close`."""
        self._keeper = asyncio.create_task(self._keep_in_step())

    async def settle(self) -> None:
        """Stop keeping in step after a last sync; what fails is left to the next one."""
        self._settling.set()
        self._hinted.set()
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                if self._keeper is not None:
                    await self._keeper
                await self.sync()
        except (TimeoutError, WorkspaceLostError, InterviewError) as error:
            logger.warning("Workspace %s: %r", self.claim.interview_id, error)
        except DatabaseError:
            logger.exception("Workspace %s could not be kept", self.claim.interview_id)

    async def close(self) -> None:
        """Stop at once."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def _keep_in_step(self) -> None:
        while not self._settling.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hinted.wait(), LOOK_SECONDS)
            if self._settling.is_set():
                return
            began = monotonic()
            try:
                await self.look()
            except (WorkspaceLostError, InterviewError) as error:
                logger.warning("Workspace %s: %r", self.claim.interview_id, error)
                if not _is_passing(error):
                    return
            except DatabaseError:
                logger.exception("Workspace %s is out of step", self.claim.interview_id)
            await asyncio.sleep(max(0, began + LEAST_BETWEEN_SECONDS - monotonic()))

    async def look(self) -> None:
        """Sync if anything is known to have changed; raises what `sync` raises."""
        if not self._hinted.is_set() and await self._read_marker() == self._marker:
            return
        self._hinted.clear()
        try:
            await self.sync()
        except Exception:
            # What was not done is due at the next look.
            self._marker = None
            raise


def _is_passing(error: Exception) -> bool:
    """Say whether a later try may succeed."""
    return isinstance(error, RunnerUnavailable) and error.code == _FULL


@asynccontextmanager
async def open_workspace(interview_id: UUID) -> AsyncGenerator[LiveWorkspace, None]:
    """Take an interview's workspace over, on the runner that has it if that works.

    Leaving it leaves the files where they are. Raises RunnerUnavailable,
    WorkspaceLostError, InterviewEndedError.
    """
    leased = await database_sync_to_async(find_leased_runner)(interview_id)
    runner = await choose_runner(leased)
    claim = await database_sync_to_async(claim_workspace)(interview_id, runner=runner)
    async with _join(claim) as workspace:
        yield workspace


@asynccontextmanager
async def _join(claim: Claim) -> AsyncGenerator[LiveWorkspace, None]:
    client = RunnerClient(claim.runner)
    async with client.workspace(claim.ref, roots=claim.folders) as session:
        workspace = LiveWorkspace(claim, session)
        opening = await database_sync_to_async(note_opened)(
            claim, generation=session.generation, is_new=session.is_new
        )
        await workspace.news.tell_opening(opening)
        try:
            yield workspace
        finally:
            await workspace.close()


_preparing: set[UUID] = set()


def start_preparing(interview_id: UUID) -> None:
    """Have the files on a runner's disk soon, so that the first run finds them there."""
    if interview_id not in _preparing:
        _preparing.add(interview_id)
        start_detached(_prepare(interview_id), name=f"workspace {interview_id}")


async def _prepare(interview_id: UUID) -> None:
    try:
        if (await check_running()).is_available:
            await _prepare_if_possible(interview_id)
    finally:
        _preparing.discard(interview_id)


async def _prepare_if_possible(interview_id: UUID) -> None:
    try:
        await prepare_workspace(interview_id)
    except (WorkspaceLostError, InterviewError) as error:
        logger.info("Workspace %s is not prepared: %r", interview_id, error)


async def recover_workspaces() -> int:
    """End runs whose process is gone; return how many.

    What they left on the disk comes into the documents.
    """
    interviews = await database_sync_to_async(list_orphaned_interviews)()
    count = await database_sync_to_async(interrupt_orphaned_runs)()
    for interview_id in interviews:
        await _prepare_if_possible(interview_id)
    return count


async def prepare_workspace(interview_id: UUID) -> None:
    """Open and fill a workspace, but not while a run is under way: it has done that.

    Raises RunnerUnavailable, WorkspaceLostError, InterviewEndedError.
    """
    async with open_idle_workspace(interview_id) as workspace:
        if workspace is not None:
            await workspace.sync()


@asynccontextmanager
async def open_idle_workspace(
    interview_id: UUID,
) -> AsyncGenerator[LiveWorkspace | None, None]:
    """Do as `open_workspace`, but give None while a run has it."""
    leased = await database_sync_to_async(find_leased_runner)(interview_id)
    claim = await database_sync_to_async(claim_idle_workspace)(
        interview_id, runner=await choose_runner(leased)
    )
    if claim is None:
        yield None
        return
    async with _join(claim) as workspace:
        yield workspace


async def close_ended_workspaces() -> int:
    """Close what belongs to interviews that are over; return how many were closed.

    A runner that does not answer is tried again the next time; it closes what nobody
    uses by itself.
    """
    closed = 0
    for lease_id in await database_sync_to_async(list_open_leases)():
        claim = await database_sync_to_async(claim_ended_workspace)(lease_id)
        if claim is None:
            continue
        try:
            await finish_shells(claim.interview_id, claim.runner, claim.ref)
            client = RunnerClient(claim.runner)
            async with client.workspace(claim.ref, roots=claim.folders) as session:
                await session.close_workspace()
        except RunnerUnavailable as error:
            logger.info("Workspace %s stays open: %s", claim.interview_id, error.code)
            continue
        await database_sync_to_async(note_closed)(claim)
        closed += 1
    return closed
