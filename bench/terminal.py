"""What a terminal costs: ours, beside a bare PTY over an aiohttp WebSocket.

`python -m bench.terminal --terminals 1 20 100 --rounds 3 --server uvicorn`. Ours is the
whole way: sandbox, runner, web process with PostgreSQL, everything recorded, somebody
else able to watch and to come back. The bare one is a bash of the machine behind a
socket. Both are asked in turn in each round; what counts are ratios within a round, and
their median over the rounds is kept. A round takes about a minute.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median

from bench.database import private_postgres
from bench.figures import Figure, keep
from bench.processes import Server, answers, listens, serve, wait_until
from bench.rooms import open_rooms
from bench.terminals.load import Plan, Sample
from bench.terminals.pages import Seat
from runner.bwrap.host import Host
from tools.bootstrap.ports import free_port

TERMINALS = (1, 20, 100)
ROUNDS = 3
SIZE = 50_000_000
SLOW_BYTES = 5_000_000
BASELINE = "a bare PTY over an aiohttp WebSocket"
_LONGEST_SECONDS = 600
_WRITER = "bench"


@dataclass(frozen=True)
class Side:
    """One of the two: its pages, and the processes that serve them."""

    seats: Sequence[Seat]
    processes: dict[str, int]

    def ask(self, terminals: int, *, size: int = 0, pace: int = 0) -> Sample:
        """Have so many pages sit down; a process of its own."""
        plan = Plan(list(self.seats[:terminals]), self.processes, size, pace)
        done = subprocess.run(
            [sys.executable, "-m", "bench.terminals.load"],
            input=json.dumps(asdict(plan)),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=_LONGEST_SECONDS,
        )
        return Sample(**json.loads(done.stdout))


Pair = tuple[Sample, Sample]


def measure(
    terminals: Sequence[int] = TERMINALS, rounds: int = ROUNDS, server: str = "uvicorn"
) -> list[Figure]:
    """Type at so many terminals, then take 50 MB, fast and slowly."""
    if Host().tools.missing():
        print("left out: terminals (bubblewrap is missing)")
        return []
    with ExitStack() as stack:
        ours, bare = open_sides(stack, max(terminals), server)
        figures: list[Figure] = []
        for count in terminals:
            pairs = [(ours.ask(count), bare.ask(count)) for _round in range(rounds)]
            figures += _print_all(_typing(pairs, count))
        for name, pace in (("fast", 0), ("slow", SLOW_BYTES)):
            pairs = [
                (ours.ask(1, size=SIZE, pace=pace), bare.ask(1, size=SIZE, pace=pace))
                for _round in range(rounds)
            ]
            figures += _print_all([_reading(pairs, name)])
    return figures


def _typing(pairs: Sequence[Pair], count: int) -> Iterator[Figure]:
    people = f"{count} terminal" + "s" * (count > 1)
    yield _figure(
        pairs,
        lambda sample: sample.p50,
        f"keystroke to its echo, p50, {people}",
        _describe_idle(pairs, count),
    )
    yield _figure(pairs, lambda sample: sample.p99, f"the same, p99, {people}")


def _print_all(figures: Iterable[Figure]) -> list[Figure]:
    """Print each as it is known; a whole run takes a while."""
    found = list(figures)
    for figure in found:
        print(figure.line(), flush=True)
    return found


def _describe_idle(pairs: Sequence[Pair], count: int) -> str:
    """What one that does nothing takes."""
    ours = [sample for sample, _bare in pairs]
    # The first round is where the processes grow.
    memory = {
        name: max(each.grown[name] for each in ours) * 1024 / count
        for name in ours[0].grown
    }
    cpu = {
        name: median(each.idle_cpu[name] for each in ours) * 1000 / count
        for name in ours[0].idle_cpu
    }
    parts = [
        f"{name} {memory[name]:.0f} KiB and {cpu[name]:.2f} ms of processor a second"
        for name in memory
    ]
    return "an idle one takes of " + ", of ".join(parts)


def _reading(pairs: Sequence[Pair], name: str) -> Figure:
    ours, bare = zip(*pairs, strict=True)
    peak = ", ".join(
        f"{part} {max(each.peak[part] for each in ours):.0f} MiB at most "
        f"({max(each.grown[part] for each in ours):+.0f})"
        for part in ours[0].peak
    )
    theirs = max(each.grown["bare"] for each in bare)
    return _figure(
        pairs,
        lambda sample: sample.seconds,
        f"50 MB of output to a {name} reader",
        f"{peak}; bare {theirs:+.0f} MiB",
    )


def _figure(
    pairs: Sequence[Pair], read: Callable[[Sample], float], name: str, note: str = ""
) -> Figure:
    ours = [read(sample) for sample, _bare in pairs]
    bare = [read(sample) for _ours, sample in pairs]
    ratio = median(one / other for one, other in zip(ours, bare, strict=True))
    return Figure(name, BASELINE, median(ours), median(bare), ratio, note)


def open_sides(stack: ExitStack, most: int, server: str) -> tuple[Side, Side]:
    """Start everything; both are warm when this returns."""
    from tests.fakes.runner_process import open_runner  # noqa: PLC0415 -- after set-up

    database = stack.enter_context(private_postgres())
    runner = stack.enter_context(open_runner())
    assert runner.process is not None
    web = stack.enter_context(_web(database, str(runner.socket), server))
    bare = stack.enter_context(_bare())
    pages = [
        Seat(
            f"ws://127.0.0.1:{web.port}/ws/interviews/{room.interview_id}/terminal/1/"
            f"?rows=24&cols=80&writer={_WRITER}",
            room.headers(web.port),
            is_ours=True,
        )
        for room in open_rooms(most)
    ]
    plain = [Seat(f"ws://127.0.0.1:{bare.port}/", {}, is_ours=False)] * most
    sides = (
        Side(pages, {"web": web.process.pid, "runner": runner.process.pid}),
        Side(plain, {"bare": bare.process.pid}),
    )
    for side in sides:
        side.ask(1)
    return sides


@contextmanager
def _web(database: str, socket: str, kind: str) -> Iterator[Server]:
    port = free_port()
    arguments = ("manage.py", "web", "--port", str(port))
    env = {
        "DATABASE_URL": database,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "RUNNER_SOCKET": socket,
        "WEB_SERVER": kind,
    }
    with serve(arguments, port, env) as server:
        wait_until(server, partial(answers, f"{server.url}/healthz"))
        yield server


@contextmanager
def _bare() -> Iterator[Server]:
    port = free_port()
    with serve(("-m", "bench.terminals.bare", str(port)), port, {}) as server:
        wait_until(server, partial(listens, server.process, port))
        yield server


def main(arguments: Sequence[str]) -> None:
    """Measure as asked, a line per figure, and keep them."""
    parser = argparse.ArgumentParser(prog="python -m bench.terminal")
    parser.add_argument("--terminals", type=int, nargs="+", default=list(TERMINALS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="uvicorn")
    options = parser.parse_args(arguments)
    keep(measure(options.terminals, options.rounds, options.server))


if __name__ == "__main__":
    main(sys.argv[1:])
