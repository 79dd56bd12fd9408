"""Runs every benchmark and writes bench/results.json."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bench import billing, relay, starts, timeline, workspace
from bench.figures import Figure

RESULTS = Path(__file__).with_name("results.json")
BENCHMARKS: tuple[Callable[[], list[Figure]], ...] = (
    timeline.measure,
    relay.measure,
    billing.measure,
    workspace.measure,
    starts.measure,
)


def main() -> None:
    """Measure, print a line per figure, and keep them."""
    figures = [figure for measure in BENCHMARKS for figure in measure()]
    for figure in figures:
        print(figure.line())
    RESULTS.write_text(json.dumps([asdict(figure) for figure in figures], indent=2))


if __name__ == "__main__":
    main()
