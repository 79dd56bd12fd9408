"""Which of the runners gets the work."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic

from django.conf import settings

from interviews.runner_client.client import RunnerClient
from interviews.runner_client.errors import RunnerUnavailable
from interviews.runner_client.specs import RunResult, RunSpec

KEPT_SECONDS = 3.0
_ANSWER_SECONDS = 2.0


@dataclass(slots=True)
class _Known:
    """What a runner said last. `load` counts what runs and waits there, and what we
    have sent there since; None where it does not answer or cannot run anything."""

    asked_at: float
    load: int | None


_known: dict[str, _Known] = {}


def list_runners() -> tuple[str, ...]:
    """The addresses of all runners, in the order of the settings."""
    return tuple(settings.RUNNERS) or (f"unix:{settings.RUNNER_SOCKET}",)


async def choose_runner(leased: str = "") -> str:
    """The address of the runner that has `leased` work already, if it can go on there;
    else of the one with the least to do.

    Each runner is asked at most every three seconds. Where none answers, the address is
    one that says so when it is dialled.
    """
    runners = list_runners()
    if len(runners) == 1:
        return runners[0]
    await _ask_all(address for address in runners if _is_stale(address))
    if leased in runners and _load(leased) is not None:
        return leased
    loads = {each: load for each in runners if (load := _load(each)) is not None}
    if not loads:
        return leased if leased in runners else runners[0]
    chosen = min(loads, key=lambda address: loads[address])
    _known[chosen].load = loads[chosen] + 1
    return chosen


async def choose_client() -> RunnerClient:
    """A client of the runner with the least to do."""
    return RunnerClient(await choose_runner())


async def run_anywhere(spec: RunSpec) -> RunResult:
    """Run to the end, on another runner where the chosen one does not answer at all.

    Raises RunnerUnavailable.
    """
    for _attempt in list_runners()[1:]:
        address = await choose_runner()
        try:
            return await RunnerClient(address).run_to_end(spec)
        except RunnerUnavailable as error:
            if error.code != "runner_unreachable":
                raise
            _known[address] = _Known(monotonic(), None)
    return await (await choose_client()).run_to_end(spec)


def run_to_end(spec: RunSpec) -> RunResult:
    """For workers: run and wait, without an event loop of one's own."""
    return asyncio.run(run_anywhere(spec))


def forget_runners() -> None:
    """Ask every runner again before the next choice."""
    _known.clear()


def _load(address: str) -> int | None:
    known = _known.get(address)
    return None if known is None else known.load


def _is_stale(address: str) -> bool:
    known = _known.get(address)
    return known is None or monotonic() - known.asked_at > KEPT_SECONDS


async def _ask_all(addresses: Iterable[str]) -> None:
    await asyncio.gather(*(_ask(address) for address in list(addresses)))


async def _ask(address: str) -> None:
    """Whoever comes meanwhile takes what was known before."""
    if address in _known:
        _known[address].asked_at = monotonic()
    load: int | None = None
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            status = await RunnerClient(address).status()
        if status.available:
            load = status.running + status.waiting
    except (RunnerUnavailable, TimeoutError):
        load = None
    _known[address] = _Known(monotonic(), load)
