"""What the workspace costs: keystrokes stored, beside a bare echo with one insert.

One web process on a private PostgreSQL, everybody typing all the time: five keystrokes
a second in each room, each measured from the key to the acknowledgement.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from django.http import HttpResponse

from bench.database import private_postgres
from bench.figures import Figure
from bench.typists import Echo, Room, Seat, type_at_once, type_steadily
from tools.bootstrap.ports import free_port

ROOMS = (1, 50, 200)
CLOSED_LOOP_ROOMS = 32
CLOSED_LOOP_SECONDS = 6.0
READY_SECONDS = 60.0


def measure() -> list[Figure]:
    """Type in 1, 50 and 200 rooms, then as fast as some rooms can."""
    with private_postgres() as database, ExitStack() as stack:
        web = stack.enter_context(_web(database))
        echo = stack.enter_context(_echo(database))
        rooms = _rooms(max(ROOMS), web.port)
        bare = [Seat(f"ws://127.0.0.1:{echo.port}", {}, Echo)] * max(ROOMS)
        figures = [_latency(rooms[:count], bare[:count]) for count in ROOMS]
        ours = _cost(web.process, rooms[:CLOSED_LOOP_ROOMS])
        theirs = _cost(echo.process, bare[:CLOSED_LOOP_ROOMS])
    rate = f"{1 / ours:.0f} edits per second and core, {1 / theirs:.0f} bare"
    return [
        *figures,
        Figure(
            "CPU time of the server per stored edit",
            "a bare echo with one insert",
            ours,
            theirs,
            ours / theirs,
            rate,
        ),
    ]


def _latency(rooms: Sequence[Seat], bare: Sequence[Seat]) -> Figure:
    ours = asyncio.run(type_steadily(rooms))
    theirs = asyncio.run(type_steadily(bare))
    return Figure(
        f"keystroke to acknowledgement, p99, {len(rooms)} rooms typing",
        "a bare echo with one insert",
        ours[1],
        theirs[1],
        ours[1] / theirs[1],
        f"p50 {ours[0] * 1000:.1f} ms beside {theirs[0] * 1000:.1f} ms",
    )


def _cost(process: psutil.Process, seats: Sequence[Seat]) -> float:
    """Return the seconds of CPU the server took for each edit."""

    def used() -> float:
        times = process.cpu_times()
        return float(times.user + times.system)

    stored, seconds = asyncio.run(type_at_once(seats, CLOSED_LOOP_SECONDS, used))
    return seconds / stored


class _Server:
    """A server process and where it listens."""

    def __init__(self, process: psutil.Popen, port: int) -> None:
        self.process = process
        self.port = port


@contextmanager
def _serve(
    arguments: Sequence[str], port: int, env: dict[str, str]
) -> Iterator[_Server]:
    process = psutil.Popen(
        [sys.executable, *arguments], env=os.environ | env, stdout=subprocess.DEVNULL
    )
    try:
        yield _Server(process, port)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _web(database: str) -> Iterator[_Server]:
    port = free_port()
    arguments = ("manage.py", "web", "--port", str(port))
    env = {"DATABASE_URL": database, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with _serve(arguments, port, env) as server:
        _wait(partial(_answers, f"http://127.0.0.1:{port}/healthz"))
        yield server


@contextmanager
def _echo(database: str) -> Iterator[_Server]:
    port = free_port()
    arguments = ("-m", "bench.echo", str(port), database)
    with _serve(arguments, port, {}) as server:
        _wait(partial(_listens, server.process, port))
        yield server


def _wait(is_ready: partial[bool]) -> None:
    deadline = monotonic() + READY_SECONDS
    while not is_ready():
        if monotonic() > deadline:
            raise TimeoutError("A server of the benchmark did not start.")
        sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2):
            return True
    except (URLError, ConnectionError, TimeoutError):
        return False


def _listens(process: psutil.Process, port: int) -> bool:
    return any(
        connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        for connection in process.net_connections()
    )


def _rooms(count: int, port: int) -> list[Seat]:
    """Return so many running interviews, each with a candidate's cookie."""
    from interviews.access import grant_candidate  # noqa: PLC0415 -- after set-up
    from interviews.models import Document  # noqa: PLC0415 -- the same
    from interviews.services.documents import seed_workspace  # noqa: PLC0415 -- the same
    from tests.factories.interviews import InterviewFactory  # noqa: PLC0415 -- the same

    seats = []
    for _room in range(count):
        interview = InterviewFactory.create(state="active")
        seed_workspace(interview)
        document = Document.objects.filter(interview=interview).earliest("path")
        response = HttpResponse()
        grant_candidate(response, interview, is_secure=False)
        cookie = "; ".join(
            f"{name}={morsel.value}" for name, morsel in response.cookies.items()
        )
        origin = f"http://127.0.0.1:{port}"
        seats.append(
            Seat(
                f"ws://127.0.0.1:{port}/ws/interviews/{interview.pk}/workspace/",
                {"Cookie": cookie, "Origin": origin},
                partial(Room, path=document.path),
            )
        )
    return seats
