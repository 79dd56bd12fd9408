"""What a report asks for and what it answers."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class Filter:
    """Which rows count: days from `start` until before `end`, UTC; "" is every one.

    A payer of None is the whole installation.
    """

    payer: str | None
    start: date | None
    end: date | None
    purpose: str = ""
    model: str = ""
    group: str = ""
    reference: str = ""
    is_simulated: bool = False


@dataclass(frozen=True)
class Totals:
    """Sums over rows. `thinking_tokens` are part of the output; audio is apart.

    `saved_usd` is what the cache took off, negative where writing it cost more.
    """

    calls: int = 0
    failed_calls: int = 0
    unknown_calls: int = 0
    input_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    audio_tokens: int = 0
    cost_usd: Decimal = ZERO
    saved_usd: Decimal = ZERO

    def __add__(self, other: "Totals") -> "Totals":
        """Return both together."""
        names = [field.name for field in fields(self)]
        return Totals(*(getattr(self, name) + getattr(other, name) for name in names))

    @property
    def prompt_tokens(self) -> int:
        """All text input, cached or not."""
        return self.input_tokens + self.cache_write_tokens + self.cache_read_tokens

    @property
    def cache_share(self) -> float:
        """The part of the text input that the cache served, 0 to 1."""
        return (
            self.cache_read_tokens / self.prompt_tokens if self.prompt_tokens else 0.0
        )


@dataclass(frozen=True)
class ReportLine:
    """The sums of one value of a dimension; days are 2026-11-01, months 2026-11."""

    key: str
    totals: Totals


@dataclass(frozen=True)
class ReferenceCosts:
    """What references cost each; all zero where there are none."""

    count: int
    total_usd: Decimal
    median_usd: Decimal
    p95_usd: Decimal
    highest_usd: Decimal


@dataclass(frozen=True)
class Forecast:
    """A month's spending so far and what it may come to, from so many days' mean."""

    spent_usd: Decimal
    expected_usd: Decimal
    basis_days: int


@dataclass(frozen=True)
class UsageLine:
    """What one purpose took with one model, real or simulated."""

    purpose: str
    model: str
    is_simulated: bool
    totals: Totals
