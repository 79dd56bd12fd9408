"""Sandboxes made before there is a job for them, so that a run starts at once."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from runner.bwrap.arguments import Shape
from runner.bwrap.backend import BwrapSandbox
from runner.bwrap.empty import EmptySandbox
from runner.errors import RunnerError, SandboxFailedError
from runner.limits import MAX_WORKSPACE, Limits
from runner.sandbox import Home, Job, Levels, Outcome, Shell, ShellPlan, Sink

logger = logging.getLogger(__name__)

MAX_IDLE_SECONDS = 600.0
# A replacement waits this long, or until the run has ended: it would only take the
# processor from the run it makes room for.
_REFILL_SECONDS = 0.3
_AFTER_ANSWER_SECONDS = 0.02
_TEND_SECONDS = 30.0

_ONE_SHOT = Shape(MAX_WORKSPACE)
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class WarmLimits:
    """How many empty sandboxes are kept: for one-shot runs, and over all open homes."""

    one_shot: int = 0
    homes: int = 0


NOTHING_WARM = WarmLimits()


class _NotingSink:
    """Knows whether the program has started."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.has_started = False
        self.output = sink.output

    async def started(self) -> None:
        self.has_started = True
        await self._sink.started()


class WarmSandbox:
    """Takes a waiting sandbox for a job where there is one, else starts one.

    Every sandbox, warm or not, is used for one job only.
    """

    def __init__(self, cold: BwrapSandbox, limits: WarmLimits) -> None:
        self._cold = cold
        self._limits = limits
        self._pool: list[EmptySandbox] = []
        # The one used last is last; None where it has to be made.
        self._homes: dict[Home, EmptySandbox | None] = {}
        self._is_open = False
        self._work = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def levels(self) -> Levels:
        return self._cold.levels

    @property
    def waiting(self) -> tuple[EmptySandbox, ...]:
        """Every sandbox that waits for a job."""
        return (*self._pool, *filter(None, self._homes.values()))

    def open(self) -> None:
        """Begin to keep sandboxes; a second call does nothing."""
        self._is_open = True
        self._work.set()
        if self._keeper is None and (self._limits.one_shot or self._limits.homes):
            self._keeper = asyncio.create_task(self._keep())

    async def empty(self) -> None:
        """Throw away what waits and make no more until `open`: what it was built on has
        changed, or is not sound any more. Homes have to be prepared again."""
        self._is_open = False
        everything = self.waiting
        self._pool.clear()
        self._homes.clear()
        await self._discard(everything)

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        await self.empty()
        await self._cold.close()

    async def prepare(self, home: Home) -> None:
        """Have a sandbox waiting for the next job in this home, until `release`."""
        if self._limits.homes:
            self._homes[home] = self._homes.pop(home, None)
            self._tend_later(_AFTER_ANSWER_SECONDS)

    async def release(self, home: Home) -> None:
        """Nothing waits in this home when this returns."""
        sandbox = self._homes.pop(home, None)
        if sandbox is not None:
            await self._discard([sandbox])

    async def run(self, job: Job, sink: Sink, cancel: asyncio.Event) -> Outcome:
        """Run to the end, in a waiting sandbox if one takes the job.

        Whoever runs in a home will do so again, so the next one is prepared.
        """
        sandbox = await self._take(job)
        if job.home is not None:
            await self.prepare(job.home)
        self._tend_later(_REFILL_SECONDS)
        try:
            if sandbox is not None:
                noting = _NotingSink(sink)
                outcome = await self._cold.follow(sandbox, job, noting, cancel)
                # One that died as it was given the job has run nothing of it.
                if outcome.reason != "failed" or noting.has_started:
                    return outcome
            return await self._cold.run(job, sink, cancel)
        finally:
            self._tend_later(_AFTER_ANSWER_SECONDS)

    async def open_shell(self, plan: ShellPlan) -> Shell:
        """A shell is not kept waiting: a terminal is opened once."""
        return await self._cold.open_shell(plan)

    def _tend_later(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._work.set)

    async def _take(self, job: Job) -> EmptySandbox | None:
        """A sandbox that has the job now; None when it needs one of its own."""
        while (sandbox := self._pick(job)) is not None and sandbox.is_dead:
            await self._discard([sandbox])
        if sandbox is None:
            return None
        try:
            self._cold.hand_over(sandbox, job)
        except OSError:
            logger.warning("a waiting sandbox did not take its job")
            await self._discard([sandbox])
            return None
        return sandbox

    def _pick(self, job: Job) -> EmptySandbox | None:
        """One of the job's shape, which nobody else gets any more."""
        if job.files and job.home is not None:
            return None
        if job.home in self._homes:
            sandbox = self._homes.pop(job.home)
            self._homes[job.home] = None
            return sandbox
        if Shape.of(job) != _ONE_SHOT or not self._pool:
            return None
        warm = (each for each in self._pool if each.is_warm.is_set())
        sandbox = next(warm, self._pool[0])
        self._pool.remove(sandbox)
        return sandbox

    async def _keep(self) -> None:
        while True:
            self._work.clear()
            try:
                await self._tend()
            except RunnerError as error:
                logger.warning("no sandbox could be kept waiting: %s", error.message)
            except Exception:
                logger.exception("no sandbox could be kept waiting")
            with suppress(TimeoutError):
                async with asyncio.timeout(_TEND_SECONDS):
                    await self._work.wait()

    async def _tend(self) -> None:
        """Replace what is dead or too old, and make what is missing."""
        await self._discard(self._pop_stale())
        for home in list(self._homes)[-self._limits.homes :]:
            if self._is_open and self._homes.get(home, _ABSENT) is None:
                await self._make_for(home)
        while self._is_open and len(self._pool) < self._limits.one_shot:
            self._pool.append(await self._cold.start(_ONE_SHOT, Limits()))

    async def _make_for(self, home: Home) -> None:
        sandbox = await self._cold.start(Shape(0, home), Limits())
        if self._homes.get(home, _ABSENT) is None:
            self._homes[home] = sandbox
        else:
            await self._discard([sandbox])

    def _pop_stale(self) -> list[EmptySandbox]:
        """Dead or idle too long, and those of homes used longer ago than others.

        A home nobody used meanwhile is forgotten until it is prepared again.
        """
        oldest = asyncio.get_running_loop().time() - MAX_IDLE_SECONDS
        stale = [each for each in self._pool if each.is_dead or each.made_at < oldest]
        for each in stale:
            self._pool.remove(each)
        surplus = len(self._homes) - self._limits.homes
        for index, (home, sandbox) in enumerate(list(self._homes.items())):
            if sandbox is None:
                continue
            if sandbox.made_at < oldest:
                del self._homes[home]
            elif sandbox.is_dead or index < surplus:
                self._homes[home] = None
            else:
                continue
            stale.append(sandbox)
        return stale

    async def _discard(self, sandboxes: Iterable[EmptySandbox]) -> None:
        for sandbox in sandboxes:
            try:
                await self._cold.discard(sandbox)
            except SandboxFailedError:
                logger.exception("a waiting sandbox could not be ended")
