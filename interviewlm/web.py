"""Starts the chosen ASGI server, and what both servers do when told to stop."""

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import Mapping
from types import MappingProxyType

from django.utils.module_loading import import_string

from base.detached import shut_down

logger = logging.getLogger(__name__)

HOOKS_SECONDS = 8.0
LAST_RESORT_SECONDS = 9.5
MESSAGE_BYTES = 1024 * 1024
SERVICE_RESTART = 1012
# Objects of the youngest generation, and how often the older ones wait (defaults: 700,
# 10, 10).
_COLLECTIONS = (20_000, 20, 50)
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

# By name, because importing daphne's server installs Twisted's reactor.
SERVERS: Mapping[str, str] = MappingProxyType(
    {
        "daphne": "interviewlm.web_daphne.serve",
        "uvicorn": "interviewlm.web_uvicorn.serve",
    }
)


class CannotListenError(Exception):
    """The port could not be opened."""


def serve(application: object, *, server: str, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then return within ten seconds.

    Both servers end alike: no new connections, the shutdown hooks of
    `base.detached` awaited, open sockets closed with 1012 so that pages come
    back by themselves. Raises CannotListenError.
    """
    run = import_string(SERVERS[server])
    settle_memory()
    run(application, host=host, port=port)
    logger.info("Web server stopped")


def settle_memory() -> None:
    """Have the collector of cycles pass over what was loaded to stay, and come rarely.

    It walks all objects with the interpreter held: with its defaults, what Django and
    the libraries load costs a pause of 0.3 s for every room again and again, which
    every stream of the process waits for (docs/adr/0021).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTIONS)


async def run_hooks() -> None:
    """Await the shutdown hooks, for so long and no longer."""
    try:
        await asyncio.wait_for(shut_down(), HOOKS_SECONDS)
    except TimeoutError:
        logger.warning("Shutdown hooks took more than %s s", HOOKS_SECONDS)


def start_last_resort() -> None:
    """Leave even if a thread or an application never ends."""

    def leave() -> None:
        logger.error("Still not stopped after %s s: leaving", LAST_RESORT_SECONDS)
        os._exit(0)

    timer = threading.Timer(LAST_RESORT_SECONDS, leave)
    timer.daemon = True
    timer.start()
