"""Following a run from a socket: live in this process, or from the timeline."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

from channels.db import database_sync_to_async

from base.text import utf16_length
from interviews.availability import check_running
from interviews.enums import LIVE_RUN_STATES, RunState
from interviews.errors import RunningUnavailableError
from interviews.live_attendance import note_no_sandbox
from interviews.live_runs import (
    OWNER,
    LiveRun,
    ask_to_stop,
    find_live_run,
    find_place,
    start_live_run,
)
from interviews.models import Run
from interviews.protocol import (
    Frame,
    RunResume,
    RunStart,
    RunStop,
    iso,
    run_finished_frame,
)
from interviews.runner_client import RunSpec
from interviews.services.run_commands import build_spec, command_text
from interviews.services.runs import (
    Piece,
    create_run,
    find_repeated_run,
    find_run,
    stored_pieces,
)

POLL_SECONDS = 0.5

Push = Callable[[Mapping[str, Any]], Awaitable[None]]


class RunFollower:
    """Tells one socket about one run, from an offset to its end.

    It takes from the run what the socket has room for, so a slow reader holds up
    nobody and nothing is kept for it.
    """

    def __init__(
        self, run: Run, push: Push, *, offset: int = 0, frame_id: str | None = None
    ) -> None:
        self._run = run
        self._push = push
        self._offset = offset
        self._echo: Frame = {"id": frame_id} if frame_id else {}
        self._position: int | None = None
        self._is_started = False

    async def follow(self) -> None:
        """Send everything up to `run.finished`."""
        live = find_live_run(self._run.pk)
        finished = await self._follow_live(live) if live else None
        if finished is None:
            finished = await self._follow_stored()
        await self._push(run_finished_frame(finished))

    async def _follow_live(self, live: LiveRun) -> Run | None:
        changed = live.subscribe()
        try:
            while True:
                changed.clear()
                is_over = live.over.is_set()
                await self._tell_queued(live.position, is_waiting=not live.started_at)
                if live.started_at:
                    await self._tell_started(iso(live.started_at))
                await self._tell_output(live.output.since(self._offset))
                if is_over:
                    return live.finished
                await changed.wait()
        finally:
            live.unsubscribe(changed)

    async def _follow_stored(self) -> Run:
        """Follow a run that another process executes, or that is over."""
        while True:
            run, pieces = await database_sync_to_async(_read_stored)(
                self._run.interview_id, self._run.pk, self._offset
            )
            is_queued = run.state == RunState.QUEUED
            place = await database_sync_to_async(find_place)(run.pk)
            await self._tell_queued(place, is_waiting=is_queued)
            if not is_queued:
                await self._tell_started(iso(run.created_at))
            await self._tell_output(pieces)
            if run.state not in LIVE_RUN_STATES:
                return run
            await asyncio.sleep(POLL_SECONDS)

    async def _tell_queued(self, position: int, *, is_waiting: bool) -> None:
        if is_waiting and position != self._position:
            self._position = position
            await self._push(
                {
                    "type": "run.queued",
                    **self._echo,
                    "run": str(self._run.pk),
                    "position": position,
                }
            )

    async def _tell_started(self, started_at: str | None) -> None:
        if self._is_started:
            return
        self._is_started = True
        await self._push(
            {
                "type": "run.started",
                **self._echo,
                "run": str(self._run.pk),
                "kind": self._run.kind,
                "argv_text": command_text(self._run),
                "started_at": started_at,
            }
        )

    async def _tell_output(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            await self._push(
                {
                    "type": "run.output",
                    "run": str(self._run.pk),
                    "offset": piece.offset,
                    "stream": piece.stream,
                    "text": piece.text,
                }
            )
            self._offset = piece.offset + utf16_length(piece.text)


def _read_stored(
    interview_id: UUID, run_id: UUID, offset: int
) -> tuple[Run, list[Piece]]:
    run = find_run(interview_id, run_id)
    return run, stored_pieces(run, offset)


class RunRoom(Protocol):
    """What a run's command needs of the socket it came from."""

    interview_id: UUID

    def follow(self, run: Run, *, offset: int, frame_id: str | None) -> None:
        """Tell this window about a run from now on."""

    async def tell_others_of_run(self, run: Run) -> None:
        """Have every other window follow the run too."""


async def start_run(room: RunRoom, frame: RunStart) -> None:
    """Run, or follow the run that this frame's id began before."""
    run = await database_sync_to_async(find_repeated_run)(room.interview_id, frame.id)
    if run is None:
        run = await _start_new(room, frame)
    room.follow(run, offset=0, frame_id=frame.id)


async def _start_new(room: RunRoom, frame: RunStart) -> Run:
    running = await check_running()
    if not running.is_available:
        await note_no_sandbox(room.interview_id)
        raise RunningUnavailableError(running.message)
    run, spec = await database_sync_to_async(_create)(room.interview_id, frame)
    if spec is not None:
        start_live_run(run, spec)
        await room.tell_others_of_run(run)
    return run


def _create(interview_id: UUID, frame: RunStart) -> tuple[Run, RunSpec | None]:
    """Return the run and, if it is new and so ours to execute, what to execute."""
    run, is_new = create_run(
        interview_id,
        client_id=frame.id,
        kind=frame.kind,
        folder=frame.section,
        path=frame.path,
        command=frame.command,
        variables=frame.env,
        owner=OWNER,
    )
    return run, build_spec(run) if is_new else None


async def resume_run(room: RunRoom, frame: RunResume) -> None:
    """Follow a run again from an offset."""
    run = await database_sync_to_async(find_run)(room.interview_id, frame.run)
    room.follow(run, offset=frame.offset, frame_id=frame.id)


async def cancel_run(room: RunRoom, frame: RunStop) -> None:
    """Stop a run; its end is told by `run.finished`."""
    run = await database_sync_to_async(find_run)(room.interview_id, frame.run)
    live = find_live_run(run.pk)
    if live is not None:
        live.stop()
    elif run.state in LIVE_RUN_STATES:
        await database_sync_to_async(ask_to_stop)(run.pk)
