"""What taking a chunk costs: our whole server beside one that only writes it to disk.

`python -m bench.recordings.ingest --browsers 4 --chunks 18`. Chunks of 3.3 MB, ten
seconds at 2.5 Mbit/s, from several browsers with three requests at once each; ours
are checked by their hash, synced and on record in PostgreSQL. The baseline is aiohttp,
which writes each body to a file and answers; it syncs nothing. All are asked in turn in each round; what counts is
the ratio within a round. Memory is that of the server's process at its largest, beside
what it had before its first request.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median

import psutil

from bench.database import private_postgres
from bench.figures import Figure, keep
from bench.processes import Server, listens, serve, wait_until
from bench.recordings.ingest_load import Plan
from bench.relays.servers import open_ours
from bench.rooms import Room, open_rooms
from interviewlm.cluster.servers import FOR_TESTS, redis_server
from tools.bootstrap.ports import free_port

BROWSERS = 4
CHUNKS = 18
ROUNDS = 3
CHUNK_BYTES = 3_300_000
KINDS = ("daphne", "uvicorn")
PLAIN = "plain aiohttp that writes the body to a file"
_LONGEST_SECONDS = 600.0
_MEMORY_EACH_SECONDS = 0.02
_NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Run:
    """One round of one server: all tickets first, then all puts."""

    tickets: float
    puts: float
    cpu: float
    growth_mib: float


def measure(
    browsers: int = BROWSERS, chunks: int = CHUNKS, rounds: int = ROUNDS
) -> list[Figure]:
    """Send the same to all of them and return a figure for each of ours."""
    runs: dict[str, list[Run]] = {name: [] for name in (PLAIN, *KINDS)}
    with ExitStack() as stack:
        database = stack.enter_context(private_postgres(*FOR_TESTS))
        redis = stack.enter_context(redis_server())
        media = stack.enter_context(tempfile.TemporaryDirectory())
        services = {
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "MEDIA_ROOT": media,
        }
        rooms = open_rooms(browsers)
        servers = {PLAIN: stack.enter_context(_plain())}
        for kind in KINDS:
            ours = open_ours(kind, _NOBODY, services)
            servers[kind] = stack.enter_context(ours)
        at_first = {
            name: server.process.memory_info().rss for name, server in servers.items()
        }
        for number in range(rounds + 1):
            for name, server in servers.items():
                sender = [] if name == PLAIN else rooms
                run = _send(server, sender, browsers, chunks, at_first[name])
                # The first round warms everything up.
                if number:
                    runs[name].append(run)
    return [_figure(kind, runs[kind], runs[PLAIN], browsers * chunks) for kind in KINDS]


@contextmanager
def _plain() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        argv = ["-m", "bench.recordings.plain", str(port), folder]
        with serve(argv, port, {}) as server:
            wait_until(server, partial(listens, server.process, port))
            yield server


def _send(
    server: Server, rooms: Sequence[Room], browsers: int, chunks: int, at_first: int
) -> Run:
    plan = Plan(
        port=server.port,
        interviews=[[str(room.interview_id), room.cookie] for room in rooms],
        browsers=browsers,
        chunks=chunks,
        chunk_bytes=CHUNK_BYTES,
    )
    cpu = _cpu(server.process)
    with _watched(server.process) as memory:
        done = subprocess.run(
            [sys.executable, "-m", "bench.recordings.ingest_load"],
            input=json.dumps(asdict(plan)),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=_LONGEST_SECONDS,
        )
    took = json.loads(done.stdout)
    growth = (max(memory) - at_first) / 1024**2
    cpu = _cpu(server.process) - cpu
    return Run(took["tickets"], took["puts"], cpu, growth)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    seconds: float = times.user + times.system
    return seconds


@contextmanager
def _watched(process: psutil.Process) -> Iterator[list[int]]:
    """Sample a process's memory while the body runs."""
    samples = [process.memory_info().rss]
    is_over = threading.Event()

    def sample() -> None:
        while not is_over.wait(_MEMORY_EACH_SECONDS):
            samples.append(process.memory_info().rss)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        is_over.set()
        thread.join()


def _figure(
    kind: str, ours: Sequence[Run], plain: Sequence[Run], chunks: int
) -> Figure:
    seconds = median(run.puts for run in ours) / chunks
    baseline = median(run.puts for run in plain) / chunks
    # As the goal is put: how much of the plain receiver's throughput we reach.
    share = median(b.puts / a.puts for a, b in zip(ours, plain, strict=True))
    tickets, cpu, bare = (
        median(values) / chunks * 1000
        for values in (
            [run.tickets for run in ours],
            [run.cpu for run in ours],
            [run.cpu for run in plain],
        )
    )
    growth = max(run.growth_mib for run in ours)
    note = (
        f"{1 / seconds:.0f} chunks a second, {share:.2f} of the plain receiver's "
        f"throughput; its ticket {tickets:.0f} ms; {cpu:.0f} ms of the process's time "
        f"for both (plain: {bare:.0f}); at most {growth:.0f} MiB more memory"
    )
    name = f"recordings: take a chunk of 3.3 MB ({kind})"
    return Figure(name, PLAIN, seconds, baseline, seconds / baseline, note)


def main(arguments: Sequence[str]) -> None:
    """Measure as asked, print the figures, and keep them."""
    parser = argparse.ArgumentParser(prog="python -m bench.recordings.ingest")
    parser.add_argument("--browsers", type=int, default=BROWSERS)
    parser.add_argument("--chunks", type=int, default=CHUNKS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    figures = measure(options.browsers, options.chunks, options.rounds)
    for figure in figures:
        print(figure.line())
    keep(figures)


if __name__ == "__main__":
    main(sys.argv[1:])
