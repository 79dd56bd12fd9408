"""Charts as coordinates: pixels from top to bottom, per cent from side to side.

Widths in per cent let a picture grow with its page while its letters keep their size,
with neither scripts nor inline styles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from interviewlm.costs.words import format_usd

PLOT_TOP, PLOT_HEIGHT = 12, 160
BASELINE = PLOT_TOP + PLOT_HEIGHT
CHART_HEIGHT = BASELINE + 28
_MOST_LABELS = 5
_FILLED = Decimal("0.72")
_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True)
class Value:
    """One value of a series: `short` stands under it, `title` says it in full."""

    short: str
    title: str
    amount: Decimal
    is_incomplete: bool = False


@dataclass(frozen=True)
class Column:
    """One column; `height` is at least a pixel where there is anything."""

    x: str
    width: str
    y: str
    height: str
    title: str
    is_incomplete: bool


@dataclass(frozen=True)
class Mark:
    """A label at a place on an axis."""

    at: str
    text: str


@dataclass(frozen=True)
class ColumnChart:
    """Columns over time, dollars upwards."""

    columns: list[Column]
    grid: list[Mark]
    labels: list[Mark]
    height: int = CHART_HEIGHT
    baseline: int = BASELINE

    @property
    def has_incomplete(self) -> bool:
        """Whether any column lacks what nobody knows."""
        return any(column.is_incomplete for column in self.columns)


def percent(part: Decimal | int, whole: Decimal | int) -> str:
    """Return a share as a length, held between nothing and all."""
    share = Decimal(100) * part / whole if whole else Decimal(0)
    return f"{min(max(share, Decimal(0)), Decimal(100)):.2f}%"


def ceiling_of(amount: Decimal) -> Decimal:
    """Return the round number at or above an amount: 1, 2, 2.5 or 5 times a power."""
    if amount <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(amount.adjusted())
    return next(step * power for step in _STEPS if step * power >= amount)


def build_columns(values: Sequence[Value]) -> ColumnChart:
    """Return the chart of a series; a negative value has no column."""
    top = ceiling_of(max((value.amount for value in values), default=Decimal(0)))
    slot = Decimal(100) / max(len(values), 1)
    width = slot * _FILLED
    columns = []
    for at, value in enumerate(values):
        height = max(PLOT_HEIGHT * value.amount / top, Decimal(0))
        height = max(height, Decimal(1)) if value.amount > 0 else height
        columns.append(
            Column(
                x=f"{slot * at + (slot - width) / 2:.3f}%",
                width=f"{width:.3f}%",
                y=f"{BASELINE - height:.2f}",
                height=f"{height:.2f}",
                title=value.title,
                is_incomplete=value.is_incomplete,
            )
        )
    every = -(-len(values) // _MOST_LABELS) or 1
    labels = [
        Mark(f"{slot * at + slot / 2:.3f}%", value.short)
        for at, value in enumerate(values)
        if at % every == 0
    ]
    return ColumnChart(columns, _grid(top), labels)


def _grid(top: Decimal) -> list[Mark]:
    places = 2 if top >= 1 else 4
    return [
        Mark(
            f"{PLOT_TOP + PLOT_HEIGHT * down // 2}",
            format_usd(amount, places if amount else 0),
        )
        for down, amount in enumerate((top, top / 2, Decimal(0)))
    ]
