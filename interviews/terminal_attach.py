"""Attaching a socket to a terminal: the workspace opened first where that is needed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from channels.db import database_sync_to_async
from django.utils.translation import gettext as _

from interviews.availability import check_running
from interviews.errors import RunningUnavailableError
from interviews.live_terminals import keep_terminals
from interviews.live_workspaces import prepare_workspace
from interviews.models import Interview
from interviews.runner_client import (
    RunnerClient,
    RunnerUnavailable,
    TerminalSession,
    WorkspaceRef,
)
from interviews.runner_client.errors import runner_lost
from interviews.selectors.workspace import open_folder
from interviews.services.terminals import (
    Shell,
    find_workspace,
    note_shell,
    require_open,
)
from interviews.services.workspaces import WorkspaceLostError
from interviews.terminal_recording import describe_shell

# Whoever keeps the files raises the epoch; with the next one it works.
_TRIES = 4
AGAIN_SECONDS = 0.2
_AGAIN = frozenset({"stale_epoch", "workspace_closed"})


@dataclass(frozen=True)
class Wish:
    """What a window wants of a terminal; `after` is where it goes on."""

    name: str
    rows: int
    cols: int
    after: int | None
    is_driver: bool


@dataclass(frozen=True)
class Attachment:
    """A terminal as one window has it."""

    session: TerminalSession
    shell: Shell


@asynccontextmanager
async def attach(interview_id: UUID, wish: Wish) -> AsyncGenerator[Attachment, None]:
    """Attach to a terminal; a driver starts its shell. What it shows gets on record.

    Raises RunnerUnavailable, RunningUnavailableError, InterviewEndedError,
    WrongStateError.
    """
    if wish.is_driver:
        running = await check_running()
        if not running.is_available:
            raise RunningUnavailableError(running.message)
        await database_sync_to_async(require_open)(interview_id)
    async with AsyncExitStack() as stack:
        session = await _open(interview_id, wish, stack)
        shell = describe_shell(wish.name, session)
        await database_sync_to_async(note_shell)(interview_id, shell)
        keep_terminals(interview_id)
        yield Attachment(session, shell)


async def _open(
    interview_id: UUID, wish: Wish, stack: AsyncExitStack
) -> TerminalSession:
    cwd = await database_sync_to_async(_find_folder)(interview_id)
    for left in reversed(range(_TRIES)):
        try:
            runner, ref = await _find_place(interview_id, is_driver=wish.is_driver)
            return await stack.enter_async_context(
                RunnerClient(runner).attach_terminal(
                    ref,
                    wish.name,
                    rows=wish.rows,
                    cols=wish.cols,
                    after=wish.after,
                    role="driver" if wish.is_driver else "viewer",
                    cwd=cwd,
                )
            )
        except RunnerUnavailable as error:
            if error.code not in _AGAIN or not left:
                raise
            if error.code == "workspace_closed" and wish.is_driver:
                await _prepare(interview_id)
            await asyncio.sleep(AGAIN_SECONDS)
    raise runner_lost()


def _find_folder(interview_id: UUID) -> str:
    return open_folder(Interview.objects.get(pk=interview_id))


async def _prepare(interview_id: UUID) -> None:
    """Open the workspace with its files; whoever did the same meanwhile is right, too."""
    with suppress(WorkspaceLostError):
        await prepare_workspace(interview_id)


async def _find_place(
    interview_id: UUID, *, is_driver: bool
) -> tuple[str, WorkspaceRef]:
    place = await database_sync_to_async(find_workspace)(interview_id)
    if place is None and is_driver:
        await _prepare(interview_id)
        place = await database_sync_to_async(find_workspace)(interview_id)
    if place is None:
        # To somebody who looks on, that is the same: nothing is open.
        code = "workspace_closed" if is_driver else "no_terminal"
        raise RunnerUnavailable(code, _("The workspace is not open."))
    return place
