"""A simulator on a real port, for whatever talks to a model."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn

from assistant.simulator.app import Settings, Simulator, create_app
from assistant.simulator.usage import PromptCache

START_SECONDS = 10


@dataclass(frozen=True)
class Running:
    app: Simulator
    url: str


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    app = create_app(Settings(keep_bodies=True))
    config = uvicorn.Config(
        app,
        port=0,
        loop="asyncio",
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
    uvicorn_server = uvicorn.Server(config)
    thread = threading.Thread(target=uvicorn_server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not uvicorn_server.started:
        assert time.monotonic() < deadline, "the simulator did not start"
        time.sleep(0.01)
    port = uvicorn_server.servers[0].sockets[0].getsockname()[1]
    yield Running(app, f"http://127.0.0.1:{port}")
    uvicorn_server.should_exit = True
    thread.join(START_SECONDS)


@pytest.fixture
def simulator(server: Running) -> Running:
    """Without the faults, the log and the prompt cache of earlier tests."""
    server.app.cache = PromptCache()
    server.app.log.clear()
    server.app.faults.clear()
    return server
