"""Runs every benchmark and writes bench/results.json."""

import json
from collections.abc import Callable
from dataclasses import asdict

from bench import billing, following, relay, starts, terminal, timeline, workspace
from bench.figures import RESULTS, Figure
from bench.recordings import assembly, ingest, playback

BENCHMARKS: tuple[Callable[[], list[Figure]], ...] = (
    timeline.measure,
    following.measure,
    billing.measure,
    workspace.measure,
    starts.measure,
    terminal.measure,
    relay.measure,
    ingest.measure,
    playback.measure,
    assembly.measure,
)


def main() -> None:
    """Measure, print a line per figure, and keep them."""
    figures = [figure for measure in BENCHMARKS for figure in measure()]
    for figure in figures:
        print(figure.line())
    RESULTS.write_text(json.dumps([asdict(figure) for figure in figures], indent=2))


if __name__ == "__main__":
    main()
