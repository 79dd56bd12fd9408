"""Who asks: one socket per room, all answered at once; a process of its own.

`python -m bench.relays.load` reads a Plan as JSON and prints a Sample as JSON.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from statistics import median
from time import process_time
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psutil

from bench.relays.dialects import DIALECTS, Seat
from bench.relays.sockets import ListeningSocket

SETTLE_SECONDS = 0.3


@dataclass(frozen=True)
class Plan:
    """What to ask of which relay: `pid` is its process, `asks_each_second` the pace.

    `seconds` is the longest that the answers may take.
    """

    dialect: str
    url: str
    pid: int
    upstream: str
    upstream_pid: int
    seats: list[Seat]
    deltas: int
    each_second: float
    asks_each_second: float
    seconds: float

    @classmethod
    def read(cls, text: str) -> "Plan":
        """Return the plan that was written as JSON."""
        fields = json.loads(text)
        return cls(**{**fields, "seats": [Seat(**seat) for seat in fields["seats"]]})


@dataclass(frozen=True)
class Sample:
    """One run. CPU in seconds of the relay's processes: asking, relaying, ending.

    Lags and first tokens in milliseconds; `first` is what the relay added on both of
    its sides. `load_cpu` and `upstream_cpu` are for the relaying alone.
    """

    rooms: int
    tokens: int
    frames: int
    ask_cpu: float
    relay_cpu: float
    end_cpu: float
    relay_seconds: float
    load_cpu: float
    upstream_cpu: float
    lag_p50: float
    lag_p99: float
    first_p50: float
    first_p99: float
    rss_mib: float


class _Meter:
    """CPU of a process with its children, so far."""

    def __init__(self, pid: int) -> None:
        parent = psutil.Process(pid)
        self._processes = [parent, *parent.children(recursive=True)]

    def read(self) -> float:
        times = [process.cpu_times() for process in self._processes]
        return float(sum(each.user + each.system for each in times))

    def rss_mib(self) -> float:
        return float(sum(each.memory_info().rss for each in self._processes)) / 2**20


async def run(plan: Plan) -> Sample:
    """Open the sockets, ask at a steady pace, listen to the end."""
    _open_gate(plan)
    sockets = await _connect(plan)
    try:
        await asyncio.sleep(SETTLE_SECONDS)
        relay, upstream = _Meter(plan.pid), _Meter(plan.upstream_pid)
        marks = [relay.read()]
        for socket in sockets:
            socket.ask(plan.deltas)
            await asyncio.sleep(1 / plan.asks_each_second)
        await _all((socket.begun for socket in sockets), plan.seconds)
        marks.append(relay.read())
        began = asyncio.get_running_loop().time()
        own, others = process_time(), upstream.read()
        await _all((socket.told for socket in sockets), plan.seconds)
        marks.append(relay.read())
        seconds = asyncio.get_running_loop().time() - began
        own, others = process_time() - own, upstream.read() - others
        await _all((socket.ended for socket in sockets), plan.seconds)
        await asyncio.sleep(SETTLE_SECONDS)
        marks.append(relay.read())
        return _sum_up(sockets, marks, seconds, (own, others), relay.rss_mib())
    finally:
        for socket in sockets:
            socket.close()


def _open_gate(plan: Plan) -> None:
    gate = {"rooms": len(plan.seats), "deltas": plan.deltas}
    body = json.dumps({**gate, "each_second": plan.each_second}).encode()
    urlopen(Request(f"{plan.upstream}/gate", body), timeout=10).close()


async def _connect(plan: Plan) -> list[ListeningSocket]:
    """Open the sockets one after the other, each up to where it may ask."""
    loop, address = asyncio.get_running_loop(), urlsplit(plan.url)
    sockets = []
    for seat in plan.seats:
        dialect = DIALECTS[plan.dialect]()
        _transport, socket = await loop.create_connection(
            partial(ListeningSocket, seat, dialect),
            str(address.hostname),
            address.port or 80,
        )
        await asyncio.wait_for(socket.ready, plan.seconds)
        sockets.append(socket)
    return sockets


async def _all(futures: Iterable[Awaitable[None]], seconds: float) -> None:
    await asyncio.wait_for(asyncio.gather(*futures), seconds)


def _sum_up(
    sockets: list[ListeningSocket],
    marks: list[float],
    seconds: float,
    beside: tuple[float, float],
    rss_mib: float,
) -> Sample:
    lags = sorted(lag / 1000 for socket in sockets for lag in socket.lags)
    firsts = sorted((socket.first_added or 0) / 1000 for socket in sockets)
    ask, relay, end = (b - a for a, b in pairwise(marks))
    return Sample(
        rooms=len(sockets),
        tokens=len(lags),
        frames=sum(socket.frames for socket in sockets),
        ask_cpu=ask,
        relay_cpu=relay,
        end_cpu=end,
        relay_seconds=seconds,
        load_cpu=beside[0],
        upstream_cpu=beside[1],
        lag_p50=median(lags),
        lag_p99=_cut(lags, 0.99),
        first_p50=median(firsts),
        first_p99=_cut(firsts, 0.99),
        rss_mib=rss_mib,
    )


def _cut(ordered: list[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(run(Plan.read(sys.stdin.read()))))))
