"""Looks for changes while programs run in a workspace, and says when there are some."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from runner.errors import RunnerError
from runner.workspaces.workspace import Usage, Workspace

logger = logging.getLogger(__name__)

QUIET_SECONDS = 0.5
LOOK_EVERY_SECONDS = 2.0
# A look may take a twentieth of the time, so that large trees are looked at less often.
_SHARE = 20


class ChangeWatch:
    """Looks once the output has been quiet for half a second, and every two seconds.

    What differs from what was agreed is told once, until it changes again. On a disk
    that nothing limits, `overflow` is called when the run has made it too full. While
    `rests` says that nothing can change, only what stirs makes it look again.
    """

    def __init__(
        self,
        workspace: Workspace,
        tell: Callable[[], Awaitable[None]],
        overflow: Callable[[], None],
        rests: Callable[[], bool] = lambda: False,
    ) -> None:
        self._workspace = workspace
        self._tell = tell
        self._overflow = overflow
        self._rests = rests
        self._told: object = None
        self._at_start: Usage | None = None
        self._looked_at = _now()
        self._took = 0.0
        self._output_at = self._stirred_at = 0.0
        self._output = asyncio.Event()
        self.has_overflown = False

    def stir(self) -> None:
        """The program has printed something."""
        self._output_at = self._stirred_at = _now()
        self._output.set()

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[None]:
        """Keep looking for as long as the block."""
        await self._weigh()
        task = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            # It may have been cancelled between finding something and telling it.
            self._told = None

    async def look(self) -> bool:
        """Look now; whether there is something to tell."""
        began = _now()
        try:
            scan = await self._workspace.scan()
            await self._weigh()
        except RunnerError:
            # Closed meanwhile: nobody wants to know any more.
            return False
        except OSError:
            logger.exception("a workspace could not be scanned")
            return False
        self._looked_at, self._took = _now(), _now() - began
        if not scan.has_differences:
            # What comes after it is news, even if the disk was like that before.
            self._told = None
            return False
        fingerprint = scan.fingerprint
        if fingerprint == self._told:
            return False
        self._told = fingerprint
        return True

    async def _weigh(self) -> None:
        """A run that finds the disk too full may still make it emptier."""
        if self._workspace.disk.level == "hard":
            return
        usage = await self._workspace.measure()
        start = self._at_start = self._at_start or usage
        has_grown = usage.size > start.size or usage.entries > start.entries
        if usage.is_over and has_grown:
            self.has_overflown = True
            self._overflow()

    async def _keep_looking(self) -> None:
        with suppress(ConnectionError):
            while True:
                await self._until_due()
                self._stirred_at = 0.0
                # Before it looks: what was seen while something ran is seen again.
                is_resting = self._rests()
                if await self.look():
                    await self._tell()
                if is_resting and not self._stirred_at and self._rests():
                    self._output.clear()
                    await self._output.wait()

    async def _until_due(self) -> None:
        while (wait := self._due_at() - _now()) > 0:
            self._output.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._output.wait()

    def _due_at(self) -> float:
        due = self._looked_at + LOOK_EVERY_SECONDS
        if self._output_at > self._looked_at:
            due = min(due, self._output_at + QUIET_SECONDS)
        return max(due, self._looked_at + self._took * _SHARE)


def _now() -> float:
    return asyncio.get_running_loop().time()
