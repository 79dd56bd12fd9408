"""What a usage costs at the price in force: pure arithmetic, and finding the price."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from billing.enums import Meter
from billing.fields import from_units, rounded, to_units
from billing.models import MeterPrice, ModelPrice
from billing.tokens import TokenCounts

_MILLION = Decimal(1_000_000)
# Dollars per million tokens where nothing at all is known: above any price so far.
_BEYOND = Decimal(250)


@dataclass(frozen=True)
class Charge:
    """US dollars of one usage; `cost` is None where it is unknown, and `why` says so.

    `saved` is what the cache took off, of text and of audio; negative when writing it
    cost more.
    """

    cost: Decimal | None
    saved: Decimal = Decimal(0)
    why: str = ""


def find_price(
    provider: str, model: str, *, at: datetime, prompt_tokens: int
) -> ModelPrice | None:
    """Return the price in force: the newest date, then the highest tier reached."""
    return (
        ModelPrice.objects.filter(
            provider=provider,
            model=model,
            valid_from__lte=at,
            over_prompt_tokens__lte=max(prompt_tokens - 1, 0),
        )
        .order_by("-valid_from", "-over_prompt_tokens")
        .first()
    )


def find_meter_price(meter: Meter, *, at: datetime) -> MeterPrice | None:
    """Return the price of a meter in force."""
    found = MeterPrice.objects.filter(meter=meter, valid_from__lte=at)
    return found.order_by("-valid_from").first()


def compute_charge(counts: TokenCounts, price: ModelPrice | None) -> Charge:
    """Return what the tokens cost, rounded half to even at 10^-12 dollars.

    Unknown: no price, a figure that no price covers, or audio without an audio price.
    """
    if counts.unpriced:
        return Charge(None, why=", ".join(counts.unpriced)[:200])
    if price is None:
        return Charge(None, why="no price")
    text = (
        counts.input * price.input
        + counts.cache_write_5m * price.cache_write_5m
        + counts.cache_write_1h * price.cache_write_1h
        + counts.cache_read * price.cache_read
        + counts.output * price.output
    )
    audio = _compute_audio(counts, price)
    if audio is None:
        return Charge(None, why="no audio price")
    factor = (price.batch_factor if counts.is_batch else Decimal(1)) / _MILLION
    saved = _compute_saved(counts, price)
    return Charge(rounded((text + audio) * factor), rounded(saved * factor))


def _compute_saved(counts: TokenCounts, price: ModelPrice) -> Decimal:
    saved = (
        counts.cache_write_5m * (price.input - price.cache_write_5m)
        + counts.cache_write_1h * (price.input - price.cache_write_1h)
        + counts.cache_read * (price.input - price.cache_read)
    )
    if price.audio_input is not None and price.audio_cached is not None:
        saved += counts.audio_cached * (price.audio_input - price.audio_cached)
    return saved


def _compute_audio(counts: TokenCounts, price: ModelPrice) -> Decimal | None:
    total = Decimal(0)
    for count, each in (
        (counts.audio_input, price.audio_input),
        (counts.audio_cached, price.audio_cached),
        (counts.audio_output, price.audio_output),
    ):
        if count and each is None:
            return None
        total += count * (each or Decimal(0))
    return total


def compute_meter_charge(quantity: int, price: MeterPrice | None) -> Charge:
    """Return what a metered quantity costs, rounded half to even."""
    if price is None:
        return Charge(None, why="no price")
    # In whole numbers, so that nothing is rounded twice.
    units = round(Fraction(quantity * to_units(price.usd), price.per))
    return Charge(from_units(units))


def bound_cost(
    provider: str,
    model: str,
    *,
    at: datetime,
    input_tokens: int,
    output_tokens: int,
) -> Decimal:
    """Return the most that so many tokens can cost.

    Input is taken at the dearest of plain, written to either cache, and audio; output
    at the dearer of text and audio. A model without a price is bounded by the dearest
    one of the table, so that a cap holds even there.
    """
    price = find_price(provider, model, at=at, prompt_tokens=input_tokens)
    if price is None:
        return _dearest_bound(at, input_tokens, output_tokens)
    return _bound(price, input_tokens, output_tokens)


def _bound(price: ModelPrice, input_tokens: int, output_tokens: int) -> Decimal:
    taken = (
        price.input,
        price.cache_write_5m,
        price.cache_write_1h,
        price.cache_read,
        price.audio_input or Decimal(0),
        price.audio_cached or Decimal(0),
    )
    given = max(price.output, price.audio_output or Decimal(0))
    return rounded((input_tokens * max(taken) + output_tokens * given) / _MILLION)


def _dearest_bound(at: datetime, input_tokens: int, output_tokens: int) -> Decimal:
    prices = ModelPrice.objects.filter(valid_from__lte=at)
    bounds = [_bound(price, input_tokens, output_tokens) for price in prices]
    beyond = rounded((input_tokens + output_tokens) * _BEYOND / _MILLION)
    return max(bounds, default=beyond)
