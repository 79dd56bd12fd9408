"""This web process and the candidates connected to it: its heartbeat, what it saw.

The heart beats only while somebody is connected or was refused. What it cannot write
down at once, because the database is away, it keeps and writes as soon as it can.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeGuard
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _

from base.clock import now
from base.detached import on_shutdown, on_startup, start_detached
from base.ids import new_uuid
from interviews.availability import check_running
from interviews.enums import FaultCause
from interviews.services.attendance import (
    BEAT,
    RETURN_WITHIN,
    beat,
    close_attendance,
    open_attendance,
    register_process,
    reopen_attendances,
    stop_process,
)
from interviews.services.faults import (
    find_without_sandbox,
    lose_sandbox,
    regain_sandbox,
    report_fault,
    settle_near_end,
)
from interviews.services.restarts import resolve_lost, welcome_back

logger = logging.getLogger(__name__)

# A heartbeat so late means that this process did not serve anybody meanwhile.
STALLED_AFTER = timedelta(seconds=8)
SETTLE_BEFORE_END = timedelta(seconds=6)
_DATABASE_ERRORS = (DatabaseError, InterfaceError)

# Other work must never make the heart miss a beat, so it has a thread of its own.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heart-db")


@dataclass
class Refusals:
    """One candidate's sockets that this process could not serve."""

    first_at: datetime
    last_at: datetime
    is_back: bool = False


@dataclass
class Heart:
    """What this process knows of itself; a new one begins when it was stopped."""

    id: UUID = field(default_factory=new_uuid)
    started_at: datetime = field(default_factory=now)
    is_known: bool = False
    present: dict[str, UUID] = field(default_factory=dict)
    refused: dict[UUID, Refusals] = field(default_factory=dict)
    stalls: list[tuple[datetime, datetime]] = field(default_factory=list)
    beaten_at: datetime | None = None
    task: asyncio.Task[None] | None = None

    @property
    def is_needed(self) -> bool:
        """Whether there is anybody to beat for."""
        return bool(self.present or self.refused)


_heart = Heart()


async def announce_process() -> None:
    """Write down that this process serves from now on; called once it listens."""
    heart = _heart
    heart.is_known = True
    await database_sync_to_async(register_process)(heart.id, heart.started_at)


async def join(interview_id: UUID, token: str) -> None:
    """A candidate's socket is open: what kept them out is over, and given back.

    `token` is the socket's own. Does nothing unless the interview runs.
    """
    heart = _heart
    is_running = await database_sync_to_async(open_attendance)(
        interview_id, process_id=heart.id, started_at=heart.started_at, token=token
    )
    if not is_running:
        return
    heart.is_known = True
    heart.present[token] = interview_id
    if interview_id in heart.refused:
        heart.refused[interview_id].is_back = True
    await database_sync_to_async(welcome_back)(interview_id)
    _start(heart)


async def leave(token: str) -> None:
    """A candidate's socket closed while this process goes on: their own doing."""
    interview_id = _heart.present.pop(token, None)
    if interview_id is None:
        return
    await database_sync_to_async(close_attendance)(token)
    if interview_id not in _heart.present.values():
        # Whoever is not there does not wait for the sandbox.
        await note_sandbox(interview_id)


def note_refusal(interview_id: UUID) -> None:
    """This process failed a candidate's socket, for a reason of ours."""
    at = now()
    refusals = _heart.refused.setdefault(interview_id, Refusals(at, at))
    refusals.last_at, refusals.is_back = at, False
    _start(_heart)


async def note_no_sandbox(
    interview_id: UUID, *, began_at: datetime | None = None
) -> None:
    """A candidate's run was refused or lost for want of a sandbox.

    The fault lasts until the runner says that it works again, a run of the interview
    starts, or the candidate goes. `began_at` is when a lost run was asked for.
    """
    try:
        await database_sync_to_async(lose_sandbox)(
            interview_id,
            began_at=began_at or now(),
            detail=_("The sandbox was not available."),
        )
    except _DATABASE_ERRORS:
        logger.exception("A missing sandbox could not be written down")


async def note_sandbox(interview_id: UUID) -> None:
    """A run of the interview has started: the sandbox works."""
    try:
        await database_sync_to_async(regain_sandbox)(interview_id)
    except _DATABASE_ERRORS:
        logger.exception("A sandbox that works again could not be written down")


def _start(heart: Heart) -> None:
    if not _beats_here(heart.task):
        heart.beaten_at = None
        heart.task = start_detached(_live(heart), name="heart")


def _beats_here(task: asyncio.Task[None] | None) -> TypeGuard[asyncio.Task[None]]:
    """Say whether a heart beats, and in the loop that asks."""
    if task is None or task.done():
        return False
    return task.get_loop() is asyncio.get_running_loop()


async def _live(heart: Heart) -> None:
    """Beat, and beside it do what may take long enough to miss a beat."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_repeat(heart, _beat_once))
        group.create_task(_repeat(heart, _look_after))


async def _repeat(heart: Heart, work: Callable[[Heart], Awaitable[None]]) -> None:
    while heart.is_needed:
        # Nothing may end the heart: a silent process counts as gone.
        try:
            await work(heart)
        except Exception:
            logger.exception("The heart missed a beat")
        await asyncio.sleep(BEAT.total_seconds())


async def _beat_once(heart: Heart) -> None:
    run = database_sync_to_async(beat, thread_sensitive=False, executor=_thread)
    await run(heart.id, heart.started_at)
    heart.is_known = True
    before, heart.beaten_at = heart.beaten_at, now()
    if before is not None and heart.beaten_at - before >= STALLED_AFTER:
        heart.stalls.append((before, heart.beaten_at))


async def _look_after(heart: Heart) -> None:
    await _report_stalls(heart)
    await _report_refusals(heart)
    await database_sync_to_async(resolve_lost)()
    await database_sync_to_async(settle_near_end)(SETTLE_BEFORE_END)
    waiting = await database_sync_to_async(find_without_sandbox)(
        set(heart.present.values())
    )
    if waiting and (await check_running()).is_available:
        for interview_id in waiting:
            await note_sandbox(interview_id)


async def _report_stalls(heart: Heart) -> None:
    while heart.stalls:
        began_at, ended_at = heart.stalls[0]
        # Others may have taken this process for gone.
        await database_sync_to_async(reopen_attendances)(list(heart.present))
        for interview_id in set(heart.present.values()):
            await database_sync_to_async(welcome_back)(interview_id)
            await database_sync_to_async(report_fault)(
                interview_id,
                cause=FaultCause.SOCKET,
                key=f"stall:{heart.id}:{began_at.isoformat()}",
                began_at=began_at,
                ended_at=ended_at,
                detail=_("The server did not answer, or could not store anything."),
            )
        heart.stalls.pop(0)


async def _report_refusals(heart: Heart) -> None:
    """Report those who are back, or who did not try again although they could."""
    for interview_id, refusals in list(heart.refused.items()):
        latest = refusals.last_at + RETURN_WITHIN
        if not refusals.is_back and now() < latest:
            continue
        await database_sync_to_async(report_fault)(
            interview_id,
            cause=FaultCause.SOCKET,
            key=f"socket:{heart.id}:{refusals.first_at.isoformat()}",
            began_at=refusals.first_at,
            ended_at=min(now(), latest),
            detail=_("The room's connection was refused by a fault of the server."),
        )
        heart.refused.pop(interview_id, None)


async def stop() -> None:
    """The process goes in order; whoever is still connected is taken from."""
    global _heart
    heart, _heart = _heart, Heart()
    if _beats_here(heart.task):
        heart.task.cancel()
        await asyncio.gather(heart.task, return_exceptions=True)
    if heart.is_known:
        await database_sync_to_async(stop_process)(heart.id)


on_startup(announce_process)
on_shutdown(stop)
