"""What relaying an answer costs: our whole server beside relays that keep nothing.

`python -m bench.relay --rooms 1 50 200 500 --rounds 3 --chainlit`. One upstream on
this machine sends 300 deltas at 50 a second to each room; ours on daphne and on
uvicorn, with PostgreSQL and Redis, storing, metering and resumable, a bare relay on
the official SDK and, if asked for, Chainlit are asked in turn in each round. What
counts are ratios within a round; their median over the rounds is kept.

A run takes 8 s for one room, 16 s for 50 and 45 s for 200 or 500; with the start of
all servers the default takes about five minutes, seven with Chainlit.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.database import private_postgres
from bench.figures import RESULTS, Figure, keep
from bench.processes import Server
from bench.relays import chainlit_home, servers, table
from bench.relays.dialects import Seat
from bench.relays.load import Plan, Sample
from bench.rooms import Room, open_rooms
from interviewlm.cluster.servers import FOR_TESTS, redis_server

ROOMS = (1, 50, 200)
ROUNDS = 2
DELTAS = 300
EACH_SECOND = 50.0
# Two hundred rooms with a question each half a minute; more of them ask faster, since
# a model that has not begun after a minute is given up.
ASKS_EACH_SECOND = 6.0
ASKING_SECONDS = 40.0
# The longest that one run's answers may take, six seconds of them being the pace.
LONGEST_SECONDS = 90.0
_WARM_UP_ROOMS, _WARM_UP_DELTAS = 10, 20
_MARGIN_SECONDS = 60.0


@dataclass(frozen=True)
class Relay:
    """A server under measurement and how its sockets are opened."""

    name: str
    dialect: str
    server: Server
    rooms: Sequence[Room] = ()

    def seats(self, count: int) -> list[Seat]:
        """Return where so many sockets sit."""
        if self.dialect == "chainlit":
            path = "/ws/socket.io/?EIO=4&transport=websocket"
            return [Seat(path, {"Origin": self.server.url})] * count
        if not self.rooms:
            return [Seat("/", {})] * count
        return [
            Seat(
                f"/ws/interviews/{room.interview_id}/assistant/",
                room.headers(self.server.port),
            )
            for room in self.rooms[:count]
        ]


@dataclass(frozen=True)
class Shape:
    """How much is asked."""

    rooms: tuple[int, ...] = ROOMS
    rounds: int = ROUNDS
    deltas: int = DELTAS
    has_chainlit: bool = False


def measure(shape: Shape | None = None) -> list[Figure]:
    """Ask all of them and return a figure per relay and number of rooms."""
    shape = shape or Shape(has_chainlit=chainlit_home.PROGRAM.exists())
    samples = take(shape)
    print(table.render(samples))
    return table.figures(samples)


def take(shape: Shape) -> dict[str, list[list[Sample]]]:
    """Return {relay: [[a sample per round] per number of rooms]}."""
    with ExitStack() as stack:
        upstream = stack.enter_context(servers.open_upstream())
        relays = list(_open(stack, upstream.url, shape))
        for relay in relays:
            _ask(
                relay, upstream, min(_WARM_UP_ROOMS, max(shape.rooms)), _WARM_UP_DELTAS
            )
        samples: dict[str, list[list[Sample]]] = {relay.name: [] for relay in relays}
        for rooms in shape.rooms:
            for name, taken in _take_rounds(relays, upstream, rooms, shape).items():
                samples[name].append(taken)
    return samples


def _take_rounds(
    relays: list[Relay], upstream: Server, rooms: int, shape: Shape
) -> dict[str, list[Sample]]:
    """Ask each in turn; one that fails is out from then on, and has no samples here."""
    taken: dict[str, list[Sample]] = {relay.name: [] for relay in relays}
    for _round in range(shape.rounds):
        for relay in list(relays):
            try:
                taken[relay.name].append(_ask(relay, upstream, rooms, shape.deltas))
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                print(f"Left out: {relay.name} did not bear {rooms} rooms.")
                relays.remove(relay)
                taken[relay.name] = []
    return taken


def _open(stack: ExitStack, upstream: str, shape: Shape) -> Iterator[Relay]:
    yield Relay(table.BARE, "bare", stack.enter_context(servers.open_bare(upstream)))
    services = stack.enter_context(_services())
    for kind in ("daphne", "uvicorn"):
        rooms = open_rooms(max(shape.rooms))
        server = stack.enter_context(servers.open_ours(kind, upstream, services))
        yield Relay(f"ours on {kind}", "ours", server, rooms)
    if shape.has_chainlit:
        obstacle = chainlit_home.make()
        if obstacle:
            print(f"Left out: Chainlit could not be installed ({obstacle}).")
            return
        server = stack.enter_context(servers.open_chainlit(upstream))
        yield Relay(table.CHAINLIT, "chainlit", server)


@contextmanager
def _services() -> Iterator[dict[str, str]]:
    """Run a private PostgreSQL and Redis; yield the settings that name them."""
    with private_postgres(*FOR_TESTS) as database, redis_server() as redis:
        yield {"DATABASE_URL": database, "REDIS_URL": redis}


def _ask(relay: Relay, upstream: Server, rooms: int, deltas: int) -> Sample:
    """Have the load ask one relay, in a process of its own."""
    plan = Plan(
        dialect=relay.dialect,
        url=relay.server.url,
        pid=relay.server.process.pid,
        upstream=upstream.url,
        upstream_pid=upstream.process.pid,
        seats=relay.seats(rooms),
        deltas=deltas,
        each_second=EACH_SECOND,
        asks_each_second=max(ASKS_EACH_SECOND, rooms / ASKING_SECONDS),
        seconds=LONGEST_SECONDS,
    )
    done = subprocess.run(
        [sys.executable, "-m", "bench.relays.load"],
        input=json.dumps(asdict(plan)),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=3 * LONGEST_SECONDS + _MARGIN_SECONDS,
    )
    return Sample(**json.loads(done.stdout))


def main(arguments: Sequence[str]) -> None:
    """Measure as asked, print the table, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.relay")
    parser.add_argument("--rooms", type=int, nargs="+", default=list(ROOMS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--deltas", type=int, default=DELTAS)
    parser.add_argument("--chainlit", action="store_true")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    shape = Shape(
        rooms=tuple(options.rooms),
        rounds=options.rounds,
        deltas=options.deltas,
        has_chainlit=options.chainlit,
    )
    keep(measure(shape), options.results)


if __name__ == "__main__":
    main(sys.argv[1:])
