"""The life of one runner: it starts, serves, drains when asked, and stops."""

import asyncio
import logging
import signal
from contextlib import suppress
from dataclasses import dataclass, replace

from runner.bwrap.hierarchies import find_hierarchies
from runner.bwrap.host import Host
from runner.doctor.doctor import Doctor, Settings
from runner.generations import hold_generation
from runner.server import Server
from runner.transport import Doors, Listeners

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 600.0
_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Serving:
    """What a runner is started with; `settings` names the directory of all generations."""

    settings: Settings
    doors: Doors
    places: int
    drain_seconds: float = DRAIN_SECONDS


class Signals:
    """What the process was told from outside."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.drain = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        # Not the loop's own way: that would leave the signal deadly once the loop is
        # closed, and whoever drains a fleet signals runners that are ending already.
        signal.signal(signal.SIGUSR1, lambda *_: self._begin_draining(loop))

    def _begin_draining(self, loop: asyncio.AbstractEventLoop) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(self.drain.set)


async def serve(serving: Serving) -> None:
    """Serve until SIGTERM or SIGINT, or until drained after SIGUSR1.

    A runner whose socket another one has taken over drains by itself.
    """
    serving.doors.check()
    signals = Signals()
    with hold_generation(serving.settings.state_dir) as generation:
        settings = replace(serving.settings, state_dir=generation.directory)
        doctor = Doctor(settings, Host(), find_hierarchies())
        server = Server(doctor, serving.places, settings, generation.name)
        server.workspaces.prepare()
        listeners = Listeners(serving.doors, server.accept, generation.alone)
        living = asyncio.create_task(_live(doctor, listeners, signals))
        stop = asyncio.create_task(signals.stop.wait())
        try:
            await asyncio.wait({living, stop}, return_when=asyncio.FIRST_COMPLETED)
            listeners.close()
            if living.done() and not living.exception():
                await _drain(server, stop, serving.drain_seconds)
        finally:
            stop.cancel()
            living.cancel()
            await server.stop()
            with suppress(asyncio.CancelledError):
                await living
    logger.info("runner has stopped")


async def _live(doctor: Doctor, listeners: Listeners, signals: Signals) -> None:
    """Until it is time to drain. The doors open once the first examination is over."""
    await doctor.examine()
    examining = asyncio.create_task(doctor.keep_examining())
    try:
        await listeners.open()
        logger.info("runner listens")
        while not signals.drain.is_set() and not listeners.is_replaced:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await signals.drain.wait()
    finally:
        examining.cancel()
        await asyncio.wait({examining})


async def _drain(server: Server, stop: asyncio.Task[bool], seconds: float) -> None:
    logger.info("runner drains")
    draining = asyncio.create_task(server.drain())
    await asyncio.wait(
        {draining, stop}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
    )
    if not draining.done():
        logger.warning("runner stops with work left")
    draining.cancel()
    await asyncio.wait({draining})
