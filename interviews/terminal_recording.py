"""Brings what a runner recorded of terminals onto the timeline, whoever asks for it."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from uuid import UUID

from channels.db import database_sync_to_async

from base.ids import new_token
from interviews.runner_client import (
    Block,
    Ended,
    Resized,
    RunnerClient,
    RunnerUnavailable,
    TerminalFrame,
    TerminalSession,
    WorkspaceChanged,
    WorkspaceRef,
)
from interviews.services.terminals import (
    Recorded,
    RecordingLostError,
    Shell,
    read_kept,
    store_blocks,
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
# What comes after a pause is stored at once; more of it so much later, or when it is
# so much, together. The runner keeps it meanwhile.
STORE_SECONDS = 3.0
STORE_BYTES = 128 * 1024
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
    on_output: Callable[[], None],
    on_change: Callable[[], None],
) -> None:
    """Keep the oldest shell of a terminal that is not wholly on record, to its end.

    A block is acknowledged once it is stored. `on_output` is called when something was
    shown, `on_change` when the disk differs from what was agreed. Raises
    RunnerUnavailable and RecordingLostError.
    """
    runner, ref = place
    recorder = RunnerClient(runner).attach_terminal(
        ref, name, rows=_ROWS, cols=_COLS, role="recorder"
    )
    async with recorder as session:
        shell = describe_shell(name, session)
        await database_sync_to_async(store_started)(interview_id, shell, owner=owner)
        blocks = _Blocks(interview_id, shell, owner, session)
        while True:
            match await blocks.read_next():
                case Block():
                    on_output()
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


class _Blocks:
    """Stores the blocks of one shell, several in a transaction."""

    def __init__(
        self, interview_id: UUID, shell: Shell, owner: str, session: TerminalSession
    ) -> None:
        self._interview_id = interview_id
        self._shell = shell
        self._owner = owner
        self._session = session
        self._waiting: list[Recorded] = []
        self._size = 0
        self._stored_at = -STORE_SECONDS

    async def read_next(self) -> TerminalFrame:
        """The next frame; what came before one that is no block is stored."""
        while True:
            wait = self._stored_at + STORE_SECONDS - monotonic()
            frame = None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait if self._waiting else None):
                    frame = await self._session.read()
            if isinstance(frame, Block):
                self._waiting.append(_as_recorded(frame))
                self._size += sum(len(data) for _at, data in frame.chunks)
                wait = 0.0 if self._size >= STORE_BYTES else wait
            if wait <= 0 or isinstance(frame, Resized | Ended):
                await self._store()
            if frame is not None:
                return frame

    async def _store(self) -> None:
        if not self._waiting:
            return
        await database_sync_to_async(store_blocks)(
            self._interview_id, self._shell, self._waiting, owner=self._owner
        )
        self._stored_at = monotonic()
        await self._session.ack(self._waiting[-1].number)
        self._waiting, self._size = [], 0


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
                interview_id,
                name,
                place,
                owner=owner,
                on_output=_ignore,
                on_change=_ignore,
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
