"""The samples as a table with the goals, and as figures to keep."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from bench.figures import Figure
from bench.relays.load import Sample

BARE = "bare SDK relay"
CHAINLIT = "Chainlit"
# The most that ours may take, as a part of the other's CPU per token.
GOALS: Mapping[str, float] = {BARE: 1.0, CHAINLIT: 0.4}
GOAL_LAG_MS = 50.0
GOAL_LAG_ROOMS = 200
Samples = Mapping[str, Sequence[Sequence[Sample]]]
_HEAD = (
    "relay",
    "rooms",
    "relaying, CPU ms / 1,000 tokens",
    "x bare",
    "x Chainlit",
    "whole turns, CPU ms / 1,000 tokens",
    "frames / token",
    "lag p50 / p99 ms",
    "first token added p50 / p99 ms",
    "RSS MiB",
    "load, upstream: cores",
)


def relay_cost(sample: Sample) -> float:
    """Return the CPU milliseconds per 1,000 tokens while they were relayed."""
    return 1e6 * sample.relay_cpu / sample.tokens


def whole_cost(sample: Sample) -> float:
    """Return the same with asking, storing and ending the turns."""
    whole = sample.ask_cpu + sample.relay_cpu + sample.end_cpu
    return 1e6 * whole / sample.tokens


def render(samples: Samples) -> str:
    """Return a Markdown table with a line per relay and number of rooms."""
    lines = [_HEAD, ("---",) * len(_HEAD)]
    for sizes in zip(*(samples[name] for name in samples), strict=True):
        taken = dict(zip(samples, sizes, strict=True))
        lines += [_row(name, taken) for name in taken if taken[name]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(name: str, taken: Mapping[str, Sequence[Sample]]) -> tuple[str, ...]:
    own = taken[name]
    ratios = [
        f"{_ratio(own, taken[other]):.2f}" if taken.get(other) else ""
        for other in GOALS
    ]
    return (
        name,
        str(own[0].rooms),
        f"{_median(own, relay_cost):.0f}",
        *ratios,
        f"{_median(own, whole_cost):.0f}",
        f"{_median(own, lambda each: each.frames / each.tokens):.2f}",
        f"{_median(own, lambda each: each.lag_p50):.1f} / "
        f"{_median(own, lambda each: each.lag_p99):.0f}",
        f"{_median(own, lambda each: each.first_p50):.0f} / "
        f"{_median(own, lambda each: each.first_p99):.0f}",
        f"{_median(own, lambda each: each.rss_mib):.0f}",
        f"{_median(own, lambda each: each.load_cpu / each.relay_seconds):.2f}, "
        f"{_median(own, lambda each: each.upstream_cpu / each.relay_seconds):.2f}",
    )


def figures(samples: Samples) -> list[Figure]:
    """Return ours beside each of the others, CPU and lag."""
    kept = []
    for name, sizes in samples.items():
        if name in GOALS:
            continue
        for number, own in enumerate(sizes):
            others = {
                other: samples[other][number]
                for other in GOALS
                if other in samples and samples[other][number] and own
            }
            kept += [
                _cost_figure(name, own, other, them) for other, them in others.items()
            ]
            if BARE in others:
                kept.append(_lag_figure(name, own, others[BARE]))
    return kept


def _cost_figure(
    name: str, own: Sequence[Sample], other: str, them: Sequence[Sample]
) -> Figure:
    ratio = _ratio(own, them)
    whole = _ratio(own, them, whole_cost)
    return Figure(
        f"CPU per 1,000 tokens relayed, {name}, {own[0].rooms} rooms",
        other,
        _median(own, relay_cost) / 1000,
        _median(them, relay_cost) / 1000,
        ratio,
        f"goal {GOALS[other]:.1f}: {_verdict(ratio <= GOALS[other])}; whole turns, from "
        f"the question to the stored answer, {whole:.2f} times",
    )


def _lag_figure(name: str, own: Sequence[Sample], bare: Sequence[Sample]) -> Figure:
    ours, theirs = (_median(each, lambda one: one.lag_p99) for each in (own, bare))
    goal = ""
    if own[0].rooms == GOAL_LAG_ROOMS:
        goal = f"goal {GOAL_LAG_MS:.0f} ms: {_verdict(ours <= GOAL_LAG_MS)}; "
    return Figure(
        f"lag of a token, p99, {name}, {own[0].rooms} rooms",
        BARE,
        ours / 1000,
        theirs / 1000,
        ours / theirs,
        f"{goal}p50 {_median(own, lambda one: one.lag_p50):.1f} ms; first token "
        f"{_median(own, lambda one: one.first_p50):.0f} ms after what the model takes",
    )


def _verdict(is_met: bool) -> str:  # noqa: FBT001 -- a word for it
    return "met" if is_met else "missed"


def _median(samples: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    return median(value(sample) for sample in samples)


def _ratio(
    own: Sequence[Sample],
    other: Sequence[Sample],
    cost: Callable[[Sample], float] = relay_cost,
) -> float:
    """Return the median over the rounds of one cost beside the other's."""
    pairs = zip(own, other, strict=True)
    return median(cost(one) / max(cost(them), 1e-9) for one, them in pairs)
