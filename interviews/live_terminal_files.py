"""Files and disk in step while somebody has a terminal and nothing else runs."""

import asyncio
import logging
from contextlib import suppress
from time import monotonic
from uuid import UUID

from django.db import DatabaseError

from base.detached import start_detached
from interviews.errors import InterviewError
from interviews.live_workspaces import (
    LEAST_BETWEEN_SECONDS,
    LiveWorkspace,
    open_idle_workspace,
)
from interviews.services.workspaces import WorkspaceLostError

logger = logging.getLogger(__name__)

# How often a change of the documents is looked for; a line that is entered does not
# wait for it. After so long without a sign of use it is more rarely.
LOOK_SECONDS = 1.0
IDLE_AFTER_SECONDS = 30.0
IDLE_LOOK_SECONDS = 5.0
# So often the disk is looked at, too, though the runner tells of changes.
SCAN_SECONDS = 5.0
# After this the workspace is claimed again: a run has ended, a runner is back, or
# somebody only brought the files up to date.
AGAIN_SECONDS = 1.0
SOON_SECONDS = 0.2
# What is typed does not wait longer for the files that belong to it.
FRESHEN_SECONDS = 1.5


class TerminalFiles:
    """Keeps one interview's files in step for its terminals.

    A run takes the workspace over and does the same until it ends.
    """

    def __init__(self, interview_id: UUID) -> None:
        self._interview_id = interview_id
        self._workspace: LiveWorkspace | None = None
        self._used_at = self._scanned_at = monotonic()
        self._used = asyncio.Event()
        # Set but for the time in which the workspace is being opened.
        self._is_known = asyncio.Event()

    def use(self) -> None:
        """Say that something runs, which may read what the documents say."""
        self._used_at = monotonic()

    def hint(self) -> None:
        """Say that something on the disk has changed."""
        self.use()
        self._used.set()
        if self._workspace is not None:
            self._workspace.hint()

    async def freshen(self) -> None:
        """Have on the disk what the documents say now, if that does not take long."""
        # It may go on when the socket that wants it is gone.
        look = start_detached(self._freshen(), name=f"fresh files {self._interview_id}")
        await asyncio.wait({look}, timeout=FRESHEN_SECONDS)

    async def _freshen(self) -> None:
        while True:
            await self._is_known.wait()
            workspace = self._workspace
            if workspace is None or await self._look(workspace):
                return
            # Somebody else had it for a moment: it is claimed again at once.
            if workspace is self._workspace:
                self._is_known.clear()
                self._used.set()

    async def keep(self) -> None:
        """Keep in step until cancelled."""
        while True:
            is_ours = await self._claim_and_keep()
            if not is_ours:
                self._is_known.set()
            await asyncio.sleep(SOON_SECONDS if is_ours else AGAIN_SECONDS)

    async def _claim_and_keep(self) -> bool:
        """Keep in step as long as this workspace is ours; say whether it was."""
        self._is_known.clear()
        is_ours = False
        try:
            async with open_idle_workspace(self._interview_id) as workspace:
                if workspace is not None:
                    is_ours = True
                    await self._keep_one(workspace)
        except (WorkspaceLostError, InterviewError) as error:
            logger.info("Files of %s: %r", self._interview_id, error)
        except DatabaseError:
            logger.exception("Files of %s are out of step", self._interview_id)
        finally:
            self._workspace = None
            self._is_known.clear()
        return is_ours

    async def _keep_one(self, workspace: LiveWorkspace) -> None:
        self._workspace = workspace
        self._is_known.set()
        workspace.hint()
        while await self._look(workspace):
            await asyncio.sleep(LEAST_BETWEEN_SECONDS)
            await self._wait(workspace)

    async def _wait(self, workspace: LiveWorkspace) -> None:
        """Wait for a sign of use, or until it is time to look anyway."""
        is_idle = monotonic() - self._used_at > IDLE_AFTER_SECONDS
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_LOOK_SECONDS if is_idle else LOOK_SECONDS):
                await self._used.wait()
        self._used.clear()
        if monotonic() - self._scanned_at >= SCAN_SECONDS:
            # What was missed is found, too.
            self._scanned_at = monotonic()
            workspace.hint()

    async def _look(self, workspace: LiveWorkspace) -> bool:
        """Sync; say whether this workspace is still ours to keep."""
        try:
            await workspace.look()
        except (WorkspaceLostError, InterviewError) as error:
            logger.info("Files of %s: %r", self._interview_id, error)
            return getattr(error, "code", "") == "workspace_full"
        except DatabaseError:
            logger.exception("Files of %s are out of step", self._interview_id)
        return True
