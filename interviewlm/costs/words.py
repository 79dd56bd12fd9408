"""How money and counts are written, and what the ledger's words are called here."""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from django.utils.formats import date_format

from billing.enums import Outcome

COARSE, FINE = 2, 4
_FINE_BELOW = Decimal(10)


def places_for(amounts: Iterable[Decimal]) -> int:
    """Return the decimals that suit a column: cents once ten dollars are in it."""
    largest = max((abs(amount) for amount in amounts), default=Decimal(0))
    return COARSE if largest >= _FINE_BELOW else FINE


def format_usd(amount: Decimal, places: int | None = None) -> str:
    """Return dollars as people read them; what is not nothing never reads as zero."""
    if places is None:
        places = COARSE if amount == 0 else places_for([amount])
    unit = Decimal(1).scaleb(-places)
    shown = abs(amount).quantize(unit, rounding=ROUND_HALF_EVEN)
    sign = "−" if amount < 0 else ""
    if amount and not shown:
        return f"{sign}<\N{NO-BREAK SPACE}${unit:f}"
    return f"{sign}${shown:,.{places}f}"


def format_count(count: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{count:,}"


def format_share(part: Decimal | int, whole: Decimal | int) -> str:
    """Return a part in per cent, to one decimal below ten; nothing of nothing is ""."""
    if not whole:
        return ""
    percent = Decimal(100) * part / whole
    if 0 < percent < Decimal("0.05"):
        return "<\N{NO-BREAK SPACE}0.1\N{NO-BREAK SPACE}%"
    places = 1 if percent and abs(percent) < 10 else 0
    return f"{percent:.{places}f}\N{NO-BREAK SPACE}%"


def format_day(day: date) -> str:
    """Return a day as "1 Nov 2026"."""
    return date_format(day, "j M Y")


def outcome_label(outcome: str) -> str:
    """Return an outcome's name with a capital."""
    label = str(Outcome(outcome).label) if outcome in Outcome.values else outcome
    return label[:1].upper() + label[1:]
