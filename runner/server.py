"""The runner's server: a unix socket in front of the doctor's sandbox."""

import asyncio
import fcntl
import logging
import os
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from runner.bwrap.leftovers import sweep
from runner.connection import Connection
from runner.doctor.doctor import Doctor, Settings
from runner.errors import RunnerBusyError, RunnerError
from runner.protocol import Status
from runner.runs import Run
from runner.toolchain.packages import list_packages
from runner.waiting import WaitingRoom

logger = logging.getLogger(__name__)

_MAX_SOCKET_PATH = 100
_MAX_CONNECTIONS = 256
_STOP_SECONDS = 8.0


class Server:
    """Holds the runs of all connections; one per state directory."""

    def __init__(self, doctor: Doctor, places: int) -> None:
        self._doctor = doctor
        self._room = WaitingRoom(places)
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: set[asyncio.Task[None]] = set()
        self._generation = uuid4().hex
        self._is_stopping = False

    async def status(self, *, full: bool) -> Status:
        report = await (self._doctor.examine() if full else self._doctor.look())
        return Status(
            available=report.is_ok,
            reason=report.reason,
            levels=self._doctor.sandbox.levels.to_json(),
            packages=list_packages(self._doctor.toolchain),
            generation=self._generation,
            running=self._room.running,
            waiting=self._room.waiting,
            languages=report.languages,
        )

    def begin(self, run: Run) -> asyncio.Task[None]:
        if self._is_stopping:
            raise RunnerBusyError("The runner is restarting. Try again in a moment.")
        if run.id in self._runs:
            raise RunnerError("This run has been started already.")
        self._runs[run.id] = run
        task = asyncio.create_task(self._follow(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def cancel(self, run_id: str) -> None:
        run = self._runs.get(run_id)
        if run is not None:
            run.cancel.set()

    async def _follow(self, run: Run) -> None:
        try:
            with suppress(ConnectionError):
                await run.follow(self._doctor, self._room)
        finally:
            del self._runs[run.id]
        if run.has_failed:
            await self._doctor.look()

    async def accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= _MAX_CONNECTIONS:
            writer.close()
            return
        self._connections.add(task)
        try:
            await Connection(self, reader, writer).serve()
        except ConnectionError:
            logger.debug("a client went away")
        except Exception:
            logger.exception("a connection failed")
        finally:
            self._connections.discard(task)

    async def stop(self) -> None:
        """End every run, tell its client, and leave nothing behind."""
        self._is_stopping = True
        for run in list(self._runs.values()):
            run.cancel.set()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_STOP_SECONDS)
        for task in list(self._connections):
            task.cancel()
        if self._connections:
            await asyncio.wait(set(self._connections), timeout=_STOP_SECONDS)
        await self._doctor.close()


async def serve(
    path: Path, settings: Settings, doctor: Doctor, *, places: int, mode: int = 0o600
) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    with hold_state_dir(settings.state_dir):
        sweep(settings.state_dir / "runs")
        server = Server(doctor, places)
        serving = asyncio.create_task(_serve(path, server, doctor, mode))
        stop = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            serving.cancel()
            await server.stop()
            with suppress(asyncio.CancelledError):
                await serving
    logger.info("runner has stopped")


async def _serve(path: Path, server: Server, doctor: Doctor, mode: int) -> None:
    """The socket appears once the first examination is over."""
    await doctor.examine()
    listener = await _listen(path, server, mode)
    logger.info("runner listens")
    try:
        await doctor.keep_examining()
    finally:
        listener.close()
        _remove(path)


async def _listen(path: Path, server: Server, mode: int) -> asyncio.Server:
    if len(os.fsencode(path)) > _MAX_SOCKET_PATH:
        raise RunnerError("The path of the runner's socket is too long.")
    _prepare(path)
    before = os.umask(0o177)
    try:
        listener = await asyncio.start_unix_server(server.accept, path)
    finally:
        os.umask(before)
    os.chmod(path, mode)  # noqa: PTH101 - one call, nothing to wait for
    return listener


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _prepare(path: Path) -> None:
    """A socket nobody listens on is left from a crash; anything else stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        if not is_socket or probe.connect_ex(str(path)) == 0:
            raise RunnerError("Something else is at the path of the runner's socket.")
    path.unlink()


@contextmanager
def hold_state_dir(state_dir: Path) -> Iterator[None]:
    """One runner per state directory, private to it."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    state_dir.chmod(0o700)
    with (state_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = "Another runner uses this state directory."
            raise RunnerError(message) from None
        yield
