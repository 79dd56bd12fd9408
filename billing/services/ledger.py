"""Writing the usage ledger: calls, metered quantities, corrections."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from base.clock import now
from base.statements import insert_row
from billing import counters
from billing.enums import Meter, Outcome
from billing.fields import rounded
from billing.models import MeterPrice, ModelPrice, Usage
from billing.services.alerts import tell_on_commit
from billing.services.calls import Call
from billing.services.days import add_to_day
from billing.services.pricing import (
    Charge,
    compute_charge,
    compute_meter_charge,
    find_meter_price,
    find_price,
)
from billing.services.windows import (
    LimitTable,
    add_to_windows,
    lock_account,
    lock_windows,
    note_crossings,
    window_keys,
)
from billing.tokens import normalise

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """What a provider said at the end of a call, or that it said nothing.

    `raw` is its usage object as received. Without one, `is_unbilled` says that the
    provider refused before doing anything, which costs nothing; otherwise nobody
    knows what the call cost. `model` is the one that answered, if not the one asked.
    `arrived_output_tokens` is an estimate of the output of an answer that was cut off
    before the provider gave its final figure; the larger of the two counts.
    """

    outcome: Outcome
    raw: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    request_id: str = ""
    error_code: str = ""
    is_unbilled: bool = False
    arrived_output_tokens: int = 0


def record_call(
    call: Call,
    report: Report,
    *,
    bound: Decimal,
    at: datetime | None = None,
    released: Decimal = Decimal(0),
    corrects: Usage | None = None,
    is_locked: bool = False,
) -> Usage:
    """Write one call with its cost at the price in force, and add it to the sums.

    `bound` is what counts against budgets if the cost is unknown, which is logged
    loudly and never counted as zero; `released` is what was reserved for it. `at` is
    when the call was made: it decides the sums it counts in. A row that `corrects`
    another one takes its place, and that of its corrections: the caller holds the
    account's lock. So it does where it says that the account `is_locked`.
    """
    moment = at or now()
    model = report.model or call.model
    counts = normalise(call.provider, report.raw)
    is_estimated = bool(report.raw) and report.arrived_output_tokens > counts.output
    if is_estimated:
        counts = replace(counts, output=report.arrived_output_tokens)
    price = find_price(call.provider, model, at=moment, prompt_tokens=counts.prompt)
    if report.raw:
        charge = compute_charge(counts, price)
    elif report.is_unbilled:
        charge, price = Charge(Decimal(0)), None
    else:
        charge, price = Charge(None, why="no usage came back"), None
    if charge.cost is None:
        logger.error("Unknown cost of a call to %s (%s)", model, charge.why)
    # A provider's words are cut to the columns: no length may cost the row itself.
    fields = _call_fields(call) | {
        "model": model[:100],
        "request_id": report.request_id[:100],
        "outcome": report.outcome,
        "error_code": report.error_code[:64],
        "is_batch": counts.is_batch,
        "is_estimated": is_estimated,
        "raw": dict(report.raw),
        "input_tokens": counts.input,
        "cache_write_5m_tokens": counts.cache_write_5m,
        "cache_write_1h_tokens": counts.cache_write_1h,
        "cache_read_tokens": counts.cache_read,
        "output_tokens": counts.output,
        "thinking_tokens": counts.thinking,
        "audio_input_tokens": counts.audio_input,
        "audio_cached_tokens": counts.audio_cached,
        "audio_output_tokens": counts.audio_output,
        "price": price,
        "quantity": counts.total,
        "corrects": corrects,
    }
    held = bound if charge.cost is None else Decimal(0)
    if corrects is not None:
        charge, held = _difference(charge, held, _standing_of(corrects))
    return _write(
        call,
        moment,
        charge,
        fields,
        held=held,
        released=released,
        is_locked=is_locked,
    )


def record_quantity(
    call: Call,
    meter: Meter,
    quantity: int,
    *,
    idempotency_key: str,
    at: datetime | None = None,
) -> Usage:
    """Write a metered quantity (sandbox time, storage, egress), once per key.

    Writing it again returns the row that is there.
    """
    if quantity < 0:
        raise ValueError("A quantity is not negative.")
    with transaction.atomic():
        lock_account(call.payer)
        known = Usage.objects.filter(idempotency_key=idempotency_key).first()
        if known is not None:
            return known
        return _write_quantity(call, meter, quantity, idempotency_key, at or now())


def _write_quantity(
    call: Call, meter: Meter, quantity: int, idempotency_key: str, moment: datetime
) -> Usage:
    price = find_meter_price(meter, at=moment)
    charge = compute_meter_charge(quantity, price)
    if charge.cost is None:
        logger.error("Unknown cost of %s (%s)", meter, charge.why)
    fields = _call_fields(call) | {
        "meter": meter,
        "quantity": quantity,
        "outcome": Outcome.FINISHED,
        "meter_price": price,
    }
    return _write(call, moment, charge, fields, idempotency_key=idempotency_key)


@dataclass(frozen=True)
class _Standing:
    """What a row and its corrections come to together."""

    cost: Decimal
    held: Decimal
    saved: Decimal
    is_known: bool


def _standing_of(usage: Usage) -> _Standing:
    rows = [usage, *usage.corrections.all()]
    return _Standing(
        sum((row.cost_usd or Decimal(0) for row in rows), Decimal(0)),
        sum((row.bound_usd for row in rows), Decimal(0)),
        sum((row.saved_usd for row in rows), Decimal(0)),
        any(row.cost_usd is not None for row in rows),
    )


def _difference(
    charge: Charge, held: Decimal, standing: _Standing
) -> tuple[Charge, Decimal]:
    """Return what brings a standing to a charge; an unknown one takes nothing back."""
    if charge.cost is not None:
        cost, saved = charge.cost - standing.cost, charge.saved - standing.saved
        return replace(charge, cost=cost, saved=saved), -standing.held
    return charge, Decimal(0) if standing.is_known else held - standing.held


def correct_cost(
    usage: Usage,
    cost: Decimal,
    *,
    note: str,
    saved: Decimal | None = None,
    price: ModelPrice | MeterPrice | None = None,
) -> Usage:
    """Write the row that brings a usage's cost to `cost`; the old row stays.

    So do `saved`, if given, and the price it was found by. A correction is corrected
    by correcting what it corrects. The difference counts in the sums the usage counted
    in.
    """
    if cost < 0:
        raise ValueError("A cost is not negative.")
    usage = usage.corrects or usage
    call = _call_of(usage)
    with transaction.atomic():
        lock_account(call.payer)
        standing = _standing_of(usage)
        fields = _call_fields(call) | {
            "meter": usage.meter,
            "outcome": Outcome.CORRECTION,
            "corrects": usage,
            "note": note,
            "price": price if isinstance(price, ModelPrice) else None,
            "meter_price": price if isinstance(price, MeterPrice) else None,
        }
        more_saved = Decimal(0) if saved is None else saved - standing.saved
        charge = Charge(rounded(cost) - standing.cost, more_saved)
        return _write(call, usage.at, charge, fields, held=-standing.held)


def _call_fields(call: Call) -> dict[str, Any]:
    return {
        "payer": call.payer,
        "reference": call.reference,
        "group": call.group,
        "labels": dict(call.labels),
        "provider": call.provider,
        "model": call.model,
        "purpose": call.purpose,
        "key_label": call.key_label,
        "is_simulated": call.is_simulated,
    }


def _call_of(usage: Usage) -> Call:
    return Call(
        payer=usage.payer,
        reference=usage.reference,
        provider=usage.provider,
        model=usage.model,
        purpose=usage.purpose,
        group=usage.group,
        labels=usage.labels,
        key_label=usage.key_label,
        is_simulated=usage.is_simulated,
    )


def _write(
    call: Call,
    at: datetime,
    charge: Charge,
    fields: Mapping[str, Any],
    *,
    held: Decimal = Decimal(0),
    released: Decimal = Decimal(0),
    idempotency_key: str | None = None,
    is_locked: bool = False,
) -> Usage:
    """Insert the row and move the sums in one transaction: account, sums, row."""
    moment = at.astimezone(UTC)
    # Nothing here is tried and then done without: a failure is the caller's, too, so a
    # savepoint would only cost two queries. Whoever goes on after a failure has one of
    # its own around this.
    with transaction.atomic(savepoint=False):
        if not is_locked:
            lock_account(call.payer)
        windows = lock_windows(window_keys(call, moment))
        usage = Usage(
            **fields,
            cost_usd=charge.cost,
            bound_usd=held,
            saved_usd=charge.saved,
            idempotency_key=idempotency_key,
            day=moment.date(),
            at=at,
        )
        insert_row(usage)
        add_to_day(usage)
        spent = (charge.cost or Decimal(0)) + held
        add_to_windows(windows, spent=spent, reserved=-released)
        tell_on_commit(note_crossings(windows, LimitTable(call.payer)))
        transaction.on_commit(lambda: counters.count_usage(usage), robust=True)
    return usage
