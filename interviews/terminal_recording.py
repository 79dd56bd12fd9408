"""Brings what a runner recorded of terminals onto the timeline, whoever asks for it."""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from channels.db import database_sync_to_async

from base.ids import new_token
from interviews.runner_client import (
    Block,
    Ended,
    Resized,
    RunnerClient,
    RunnerUnavailable,
    TerminalSession,
    WorkspaceChanged,
    WorkspaceRef,
)
from interviews.services.terminals import (
    Recorded,
    RecordingLostError,
    Shell,
    read_kept,
    store_block,
    store_ended,
    store_resized,
    store_started,
    take_recording,
)

logger = logging.getLogger(__name__)

# Nobody else comes back with these: the shell is gone.
GONE = frozenset({"no_terminal", "workspace_closed"})
# How long the last output of shells that were killed is waited for.
DRAIN_SECONDS = 10.0
_ROWS, _COLS = 24, 80

# The address of a runner, and the workspace there.
Place = tuple[str, WorkspaceRef]


def describe_shell(name: str, session: TerminalSession) -> Shell:
    """Return the shell that a session is attached to."""
    return Shell(
        name, session.generation, session.started_at, session.rows, session.cols
    )


async def record_shell(
    interview_id: UUID,
    name: str,
    place: Place,
    *,
    owner: str,
    on_change: Callable[[], None],
) -> None:
    """Keep the oldest shell of a terminal that is not wholly on record, to its end.

    A block is acknowledged once it is stored. `on_change` is called when the disk may
    have changed. Raises RunnerUnavailable and RecordingLostError.
    """
    runner, ref = place
    recorder = RunnerClient(runner).attach_terminal(
        ref, name, rows=_ROWS, cols=_COLS, role="recorder"
    )
    async with recorder as session:
        shell = describe_shell(name, session)
        await database_sync_to_async(store_started)(interview_id, shell, owner=owner)
        while True:
            match await session.read():
                case Block() as block:
                    await database_sync_to_async(store_block)(
                        interview_id, shell, _as_recorded(block), owner=owner
                    )
                    await session.ack(block.number)
                    on_change()
                case Resized(rows=rows, cols=cols):
                    await database_sync_to_async(store_resized)(
                        interview_id, shell, rows, cols, owner=owner
                    )
                case WorkspaceChanged():
                    on_change()
                case Ended(code=code, reason=reason):
                    await database_sync_to_async(store_ended)(
                        interview_id,
                        name,
                        shell.id,
                        code=code,
                        reason=reason,
                        owner=owner,
                    )
                    return


def _as_recorded(block: Block) -> Recorded:
    return Recorded(
        block.number,
        block.at_ms_since_start,
        block.offset,
        block.chunks,
        block.rows,
        block.cols,
        block.cut,
    )


async def finish_shells(interview_id: UUID, runner: str, ref: WorkspaceRef) -> None:
    """Kill the shells of an interview that is over, and put the rest of them on record.

    Takes the record from whoever keeps it. A runner that cannot be reached is asked
    again by whoever comes next: what it holds is not given up.
    """
    kept = await database_sync_to_async(read_kept)(interview_id)
    if not kept.shells:
        return
    owner = new_token()
    await database_sync_to_async(take_recording)(interview_id, owner=owner)
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await asyncio.gather(
                *(
                    _finish_shell(interview_id, name, shell, (runner, ref), owner)
                    for name, shell in kept.shells.items()
                )
            )
    except (RecordingLostError, TimeoutError):
        logger.info("Terminals of %s are not all on record yet", interview_id)


async def _finish_shell(
    interview_id: UUID, name: str, shell: str, place: Place, owner: str
) -> None:
    await _kill(name, *place)
    try:
        while True:
            await record_shell(
                interview_id, name, place, owner=owner, on_change=_ignore
            )
    except RunnerUnavailable as error:
        if error.code in GONE:
            await write_off(interview_id, name, shell, owner=owner)
        else:
            logger.info("Terminal %s of %s: %s", name, interview_id, error.code)


async def _kill(name: str, runner: str, ref: WorkspaceRef) -> None:
    """Kill a shell; a driver would start one where there is none."""
    client = RunnerClient(runner)
    try:
        viewer = client.attach_terminal(ref, name, rows=_ROWS, cols=_COLS)
        async with viewer:
            pass
        driver = client.attach_terminal(
            ref, name, rows=_ROWS, cols=_COLS, role="driver"
        )
        async with driver as session:
            await session.close_terminal()
            while not isinstance(await session.read(), Ended):
                pass
    except RunnerUnavailable as error:
        logger.info("Terminal %s is not killed: %s", name, error.code)


def _ignore() -> None:
    """Nobody keeps the files of an interview that is over."""


async def write_off(interview_id: UUID, name: str, shell: str, *, owner: str) -> None:
    """Note the end of a shell that is gone without a word. Raises RecordingLostError."""
    await database_sync_to_async(store_ended)(
        interview_id, name, shell, code=None, reason="restart", owner=owner
    )
