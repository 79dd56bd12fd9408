"""What became of the lines that were accepted."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from interviews.enums import TextOrigin
from interviews.workspace.origins import TextOrigins


@dataclass(frozen=True)
class Fate:
    """How much of an accepted edit is still there, in UTF-16 code units."""

    units: int
    kept: int

    @property
    def percent(self) -> float:
        """The share that is still there, from 0 to 100."""
        return 100 * self.kept / self.units if self.units else 0.0


def count_kept(
    texts: Iterable[TextOrigins], put_in: Mapping[int, int]
) -> dict[int, Fate]:
    """Return the fate of each event of `put_in`, which says how much it put in.

    `texts` are the files as they were at the moment that is asked about.
    """
    kept: Counter[int] = Counter()
    for origins in texts:
        for run in origins.runs:
            if run.origin == TextOrigin.ASSISTANT and run.event in put_in:
                kept[run.event] += run.length
    return {
        event: Fate(units, min(kept[event], units)) for event, units in put_in.items()
    }


def add_up(fates: Iterable[Fate]) -> Fate:
    """Return the fate of several edits together."""
    known = list(fates)
    return Fate(sum(fate.units for fate in known), sum(fate.kept for fate in known))
