"""A measured figure beside its baseline."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

RESULTS = Path(__file__).with_name("results.json")
ROUNDS = 5


@dataclass(frozen=True)
class Figure:
    """Medians of seconds over rounds taken in turn; the ratio is what counts."""

    name: str
    baseline: str
    seconds: float
    baseline_seconds: float
    ratio: float
    note: str = ""

    def line(self) -> str:
        """Return a line to print."""
        note = f"; {self.note}" if self.note else ""
        return (
            f"{self.name}: {self.seconds:.3f} s, {self.ratio:.2f} times "
            f"{self.baseline} ({self.baseline_seconds:.3f} s){note}"
        )


def keep(figures: Sequence[Figure], path: Path = RESULTS) -> None:
    """Write some figures beside the others of the last run, in place of the same ones."""
    new = {(figure.name, figure.baseline): asdict(figure) for figure in figures}
    old = json.loads(path.read_text()) if path.exists() else []
    kept = [each for each in old if (each["name"], each["baseline"]) not in new]
    path.write_text(json.dumps([*kept, *new.values()], indent=2))


def compare(
    name: str,
    run: Callable[[], None],
    *,
    baseline: str,
    run_baseline: Callable[[], None],
    note: str = "",
) -> Figure:
    """Run both in turn after a warm-up, so that a drifting machine hits both."""
    run()
    run_baseline()
    ours, theirs = [], []
    for _round in range(ROUNDS):
        ours.append(_timed(run))
        theirs.append(_timed(run_baseline))
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    return Figure(name, baseline, median(ours), median(theirs), ratio, note)


def _timed(run: Callable[[], None]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start
