"""What the workspace costs: keystrokes stored, beside a bare echo with one insert.

One web process on a private PostgreSQL, everybody typing all the time: five keystrokes
a second in each room, each measured from the key to the acknowledgement.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

import psutil

from bench.database import private_postgres
from bench.figures import Figure
from bench.processes import Server, answers, listens, serve, wait_until
from bench.rooms import open_rooms
from bench.typists import Echo, Room, Seat, type_at_once, type_steadily
from tools.bootstrap.ports import free_port

ROOMS = (1, 50, 200)
CLOSED_LOOP_ROOMS = 32
CLOSED_LOOP_SECONDS = 6.0


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


@contextmanager
def _web(database: str) -> Iterator[Server]:
    port = free_port()
    arguments = ("manage.py", "web", "--port", str(port))
    env = {"DATABASE_URL": database, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with serve(arguments, port, env) as server:
        wait_until(server, partial(answers, f"http://127.0.0.1:{port}/healthz"))
        yield server


@contextmanager
def _echo(database: str) -> Iterator[Server]:
    port = free_port()
    arguments = ("-m", "bench.echo", str(port), database)
    with serve(arguments, port, {}) as server:
        wait_until(server, partial(listens, server.process, port))
        yield server


def _rooms(count: int, port: int) -> list[Seat]:
    """Return so many running interviews, each with a candidate's cookie."""
    return [
        Seat(
            f"ws://127.0.0.1:{port}/ws/interviews/{room.interview_id}/workspace/",
            room.headers(port),
            partial(Room, path=room.document),
        )
        for room in open_rooms(count)
    ]
