"""Who sits at the terminals: a process of its own.

`python -m bench.terminals.load` reads a Plan as JSON and prints a Sample as JSON.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from time import perf_counter

import psutil

from bench.terminals.pages import Page, Seat, open_page

EVERY_SECONDS = 0.2
SECONDS = 8.0
WARM_UP_SECONDS = 1.0
IDLE_SECONDS = 4.0
SETTLE_SECONDS = 1.0
_LOOK_SECONDS = 0.02
_LINE = "0123456789abcdef" * 4
_OPEN_AT_ONCE = 4
_MIB = 2**20


@dataclass(frozen=True)
class Plan:
    """What to do where: type, or take `size` bytes, at most `pace` of them a second
    (0: as fast as they come). `processes` are whose memory and processor is taken."""

    seats: list[Seat]
    processes: dict[str, int]
    size: int = 0
    pace: int = 0

    @classmethod
    def read(cls, text: str) -> "Plan":
        """Return the plan that was written as JSON."""
        fields = json.loads(text)
        return cls(**{**fields, "seats": [Seat(**seat) for seat in fields["seats"]]})


@dataclass
class Sample:
    """What came of it. Seconds; memory in MiB of each process: more than before, and
    the most; `idle_cpu` in seconds of processor per second, all terminals together."""

    p50: float = 0.0
    p99: float = 0.0
    seconds: float = 0.0
    grown: dict[str, float] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)
    idle_cpu: dict[str, float] = field(default_factory=dict)


class _Meter:
    """Memory and processor of the servers, each without what it has started."""

    def __init__(self, processes: dict[str, int]) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in processes.items()}
        self.peak: dict[str, float] = {}

    def memory(self) -> dict[str, float]:
        """Return MiB now."""
        found = {
            name: each.memory_info().rss / _MIB
            for name, each in self._processes.items()
        }
        for name, size in found.items():
            self.peak[name] = max(size, self.peak.get(name, 0.0))
        return found

    def cpu(self) -> dict[str, float]:
        """Return the seconds used so far."""
        times = {name: each.cpu_times() for name, each in self._processes.items()}
        return {name: each.user + each.system for name, each in times.items()}

    async def keep_looking(self) -> None:
        """Find the peak, until cancelled."""
        while True:
            self.memory()
            await asyncio.sleep(_LOOK_SECONDS)


async def run(plan: Plan) -> Sample:
    """Open every terminal, then do what is planned."""
    meter = _Meter(plan.processes)
    before = meter.memory()
    pages = await _open(plan.seats)
    try:
        sample = Sample()
        if plan.size:
            await _take(pages[0], plan, meter, sample)
            return sample
        await asyncio.gather(*(page.begin() for page in pages))
        await asyncio.sleep(SETTLE_SECONDS)
        after, used = meter.memory(), meter.cpu()
        await asyncio.sleep(IDLE_SECONDS)
        idle = meter.cpu()
        sample.grown = {name: after[name] - before[name] for name in after}
        sample.idle_cpu = {
            name: (idle[name] - used[name]) / IDLE_SECONDS for name in idle
        }
        await _type(pages, sample)
        return sample
    finally:
        await asyncio.gather(*(page.socket.close() for page in pages))


async def _open(seats: Sequence[Seat]) -> list[Page]:
    """A few at a time, as people come."""
    gate = asyncio.Semaphore(_OPEN_AT_ONCE)

    async def open_one(seat: Seat) -> Page:
        async with gate:
            return await open_page(seat)

    return await asyncio.gather(*(open_one(seat) for seat in seats))


async def _type(pages: Sequence[Page], sample: Sample) -> None:
    """Everybody presses a key five times a second, one after the other."""
    began = perf_counter()
    gathered = await asyncio.gather(
        *(
            _press(page, began + EVERY_SECONDS * number / len(pages))
            for number, page in enumerate(pages)
        )
    )
    cuts = quantiles([wait for waits in gathered for wait in waits], n=100)
    sample.p50, sample.p99 = cuts[49], cuts[98]


async def _press(page: Page, begin: float) -> list[float]:
    waits: list[float] = []
    echoed_at = begin
    for number in range(int((WARM_UP_SECONDS + SECONDS) / EVERY_SECONDS)):
        due = begin + EVERY_SECONDS * number
        await asyncio.sleep(max(0.0, due - perf_counter()))
        # A key that has to wait for the echo of the one before has waited already.
        late = max(0.0, echoed_at - due)
        wait = late + await page.press()
        echoed_at = perf_counter()
        if due >= begin + WARM_UP_SECONDS:
            waits.append(wait)
    return waits


async def _take(page: Page, plan: Plan, meter: _Meter, sample: Sample) -> None:
    """Have a program print so much, and take it at the pace of the plan."""
    await page.arrive()
    looking = asyncio.create_task(meter.keep_looking())
    before = meter.memory()
    command = f"yes {_LINE} | head -c {plan.size}; echo do''ne\r"
    began = perf_counter()
    await page.send(command.encode())
    count, tail = 0, b""
    while b"done" not in tail:
        data = await page.receive()
        count += len(data)
        tail = tail[-4:] + data
        if plan.pace:
            await asyncio.sleep(max(0.0, began + count / plan.pace - perf_counter()))
    sample.seconds = perf_counter() - began
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
    sample.peak = dict(meter.peak)
    sample.grown = {name: meter.peak[name] - before[name] for name in before}
    if count < plan.size:
        raise RuntimeError("Output is missing.")


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(run(Plan.read(sys.stdin.read()))))))
