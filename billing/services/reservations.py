"""Reserve before a call, settle after it: how caps hold under concurrency.

Lock order, everywhere: the payer's account, then the reservation, then the running
sums by number. Every service here is one short transaction.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from base.clock import now
from base.commits import joined_atomic
from base.statements import insert_row, update_row
from billing import counters
from billing.enums import Outcome, ReservationState, Scope
from billing.errors import BudgetExceededError, SpendingStoppedError
from billing.fields import rounded
from billing.models import Account, Reservation, SpendWindow, Usage
from billing.services.calls import Call
from billing.services.ledger import Report, correct_cost, record_call
from billing.services.windows import (
    INSTALLATION,
    LimitTable,
    WindowKey,
    add_to_windows,
    lock_account,
    lock_windows,
    read_windows,
    window_keys,
)

logger = logging.getLogger(__name__)


def reserve(call: Call, *, bound: Decimal, expires_in: timedelta) -> Reservation:
    """Put `bound` dollars aside for a call about to be made: the most it can cost.

    A call fits if its bound fits beside what is spent and reserved. With nothing
    else under way it also fits as long as anything is left, so that careful bounds
    strand no money: a cap is overrun by one call's worth at most. Raises
    SpendingStoppedError and BudgetExceededError; then nothing is reserved.
    """
    if bound < 0:
        raise ValueError("A bound is not negative.")
    bound = rounded(bound)
    try:
        return _reserve_or_expire(call, bound, expires_in)
    except SpendingStoppedError:
        counters.count_refusal("stopped")
        raise
    except BudgetExceededError as error:
        counters.count_refusal(error.scope)
        raise


def _reserve_or_expire(
    call: Call, bound: Decimal, expires_in: timedelta
) -> Reservation:
    """Reserve; where calls that never came back are in the way, end those first."""
    try:
        return _reserve(call, bound, expires_in)
    except BudgetExceededError:
        if not expire_reservations(payer=call.payer):
            raise
    return _reserve(call, bound, expires_in)


def _reserve(call: Call, bound: Decimal, expires_in: timedelta) -> Reservation:
    with joined_atomic():
        return _put_aside(call, bound, expires_in)


def _put_aside(call: Call, bound: Decimal, expires_in: timedelta) -> Reservation:
    """Check, then write: what is refused has changed nothing yet."""
    at = now()
    account = lock_account(call.payer)
    _require_running(account)
    windows = lock_windows(window_keys(call, at.astimezone(UTC)))
    _require_room(call, windows, bound)
    add_to_windows(windows, spent=Decimal(0), reserved=bound)
    reservation = Reservation(
        account=account,
        reference=call.reference,
        group=call.group,
        labels=dict(call.labels),
        provider=call.provider,
        model=call.model,
        purpose=call.purpose,
        key_label=call.key_label,
        is_simulated=call.is_simulated,
        amount_usd=bound,
        at=at,
        expires_at=at + expires_in,
    )
    insert_row(reservation)
    return reservation


def _require_running(account: Account) -> None:
    stopped = Account.objects.filter(payer=INSTALLATION, stopped_at__isnull=False)
    if account.stopped_at is not None or stopped.exists():
        raise SpendingStoppedError


def _require_room(call: Call, windows: Sequence[SpendWindow], bound: Decimal) -> None:
    table = LimitTable(call.payer)
    for window in windows:
        hard = table.find(window).hard
        if hard is None:
            continue
        taken = window.spent_usd + window.reserved_usd
        is_alone = window.reserved_usd == 0 and window.spent_usd < hard
        if taken + bound > hard and not is_alone:
            raise BudgetExceededError(
                Scope(window.scope),
                purpose=window.purpose,
                spent=window.spent_usd,
                limit=hard,
            )


def require_budget(call: Call) -> None:
    """Raise what `reserve` would raise for a call that costs next to nothing.

    For an early answer to a person; the call itself still reserves.
    """
    payers = {call.payer, INSTALLATION}
    if Account.objects.filter(payer__in=payers, stopped_at__isnull=False).exists():
        raise SpendingStoppedError
    table = LimitTable(call.payer)
    if not table.has_hard:
        return
    windows = read_windows(window_keys(call, now().astimezone(UTC)))
    for window in windows:
        hard = table.find(window).hard
        if hard is not None and window.spent_usd >= hard:
            raise BudgetExceededError(
                Scope(window.scope),
                purpose=window.purpose,
                spent=window.spent_usd,
                limit=hard,
            )


def is_soft_limit_reached(call: Call) -> bool:
    """Say whether a soft limit over a call is reached: time to spend less."""
    table = LimitTable(call.payer)
    if not table.has_soft:
        return False
    return any(
        soft is not None and window.spent_usd >= soft
        for window in read_windows(window_keys(call, now().astimezone(UTC)))
        for soft in (table.find(window).soft,)
    )


def settle(reservation_id: UUID, report: Report, *, payer: str | None = None) -> Usage:
    """Write what the call really took and free what was reserved, once.

    Settling again returns the same row. A reservation that expired meanwhile is
    settled all the same: the real figures take the place of its bound. `payer` spares
    looking it up.
    """
    with joined_atomic():
        reservation = _lock(reservation_id, payer)
        if reservation.state == ReservationState.SETTLED and reservation.usage:
            return reservation.usage
        is_open = reservation.state == ReservationState.OPEN
        usage = record_call(
            call_of(reservation),
            report,
            bound=reservation.amount_usd,
            released=reservation.amount_usd if is_open else Decimal(0),
            at=reservation.at,
            corrects=reservation.usage,
            is_locked=True,
        )
        reservation.usage = usage
        reservation.state = ReservationState.SETTLED
        update_row(reservation, ("usage", "state"))
    return usage


def record_attempt(reservation_id: UUID, report: Report) -> Usage:
    """Write a try that failed while the call goes on: a row, no release.

    What it cost, or its bound if nobody knows, counts beside what stays reserved.
    """
    with transaction.atomic():
        reservation = _lock(reservation_id)
        return record_call(call_of(reservation), report, bound=reservation.amount_usd)


def release(reservation_id: UUID) -> None:
    """Free what was reserved for a call that was never sent.

    One that expired meanwhile is corrected to have cost nothing.
    """
    with transaction.atomic():
        reservation = _lock(reservation_id)
        if reservation.state == ReservationState.EXPIRED and reservation.usage:
            correct_cost(reservation.usage, Decimal(0), note="never sent")
            reservation.state = ReservationState.RELEASED
            reservation.save(update_fields=["state"])
        if reservation.state != ReservationState.OPEN:
            return
        windows = lock_windows(_keys(reservation))
        add_to_windows(windows, spent=Decimal(0), reserved=-reservation.amount_usd)
        reservation.state = ReservationState.RELEASED
        reservation.save(update_fields=["state"])


def expire_reservations(*, payer: str | None = None) -> int:
    """End reservations whose caller never came back; return how many.

    Nobody knows what such a call cost: it goes to the ledger as lost, its cost
    unknown, and its bound counts against the budgets from then on.
    """
    due = Reservation.objects.filter(state=ReservationState.OPEN, expires_at__lte=now())
    if payer is not None:
        due = due.filter(account__payer=payer)
    return sum(_expire(pk) for pk in due.order_by("at").values_list("pk", flat=True))


def _expire(pk: UUID) -> bool:
    with transaction.atomic():
        reservation = _lock(pk)
        if reservation.state != ReservationState.OPEN:
            return False
        reservation.usage = record_call(
            call_of(reservation),
            Report(Outcome.LOST),
            bound=reservation.amount_usd,
            released=reservation.amount_usd,
            at=reservation.at,
        )
        reservation.state = ReservationState.EXPIRED
        reservation.save(update_fields=["usage", "state"])
        logger.warning("Reservation %s expired; its cost is unknown", pk)
    return True


def call_of(reservation: Reservation) -> Call:
    """Return the call a reservation was made for."""
    return Call(
        payer=reservation.account.payer,
        reference=reservation.reference,
        provider=reservation.provider,
        model=reservation.model,
        purpose=reservation.purpose,
        group=reservation.group,
        labels=reservation.labels,
        key_label=reservation.key_label,
        is_simulated=reservation.is_simulated,
    )


def _keys(reservation: Reservation) -> list[WindowKey]:
    return window_keys(call_of(reservation), reservation.at.astimezone(UTC))


def _lock(reservation_id: UUID, payer: str | None = None) -> Reservation:
    """Lock the account, then the reservation. Raises ValueError for another's payer."""
    if payer is None:
        payer = Reservation.objects.values_list("account__payer", flat=True).get(
            pk=reservation_id
        )
    account = lock_account(payer)
    reservation = (
        Reservation.objects.select_for_update(of=("self",))
        .select_related("usage")
        .get(pk=reservation_id)
    )
    if reservation.account_id != account.pk:
        raise ValueError("Somebody else pays for this call.")
    reservation.account = account
    return reservation
