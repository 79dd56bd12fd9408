"""Servers in processes of their own, each ended with what asked for it."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

import psutil

READY_SECONDS = 120.0
STOP_SECONDS = 30.0


class Server:
    """A server process and where it listens."""

    def __init__(self, process: psutil.Popen, port: int) -> None:
        self.process = process
        self.port = port

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serve(
    arguments: Sequence[str],
    port: int,
    env: dict[str, str],
    *,
    program: str = sys.executable,
    log: Path | None = None,
) -> Iterator[Server]:
    """Run a server until the context is left; what it prints goes to `log`, if any."""
    output = Path(os.devnull) if log is None else log
    with output.open("wb") as out:
        process = psutil.Popen(
            [program, *arguments],
            env=os.environ | env,
            stdout=out,
            stderr=None if log is None else out,
        )
    try:
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(server: Server, is_ready: Callable[[], bool]) -> None:
    """Wait for a server. Raises RuntimeError where it ends or takes too long."""
    deadline = monotonic() + READY_SECONDS
    while not is_ready():
        if server.process.poll() is not None or monotonic() > deadline:
            raise RuntimeError(f"{server.process.args} did not start.")
        sleep(0.1)


def answers(url: str) -> bool:
    """Say whether something answers there."""
    try:
        with urlopen(url, timeout=2):
            return True
    except (URLError, ConnectionError, TimeoutError):
        return False


def listens(process: psutil.Process, port: int) -> bool:
    """Say whether a process listens on a port."""
    return any(
        connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        for connection in process.net_connections()
    )
