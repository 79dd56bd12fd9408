"""Random interleavings of everything that moves money, with crashes in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
)

from base.clock import at_time
from billing.enums import Meter, Outcome, Scope
from billing.errors import BudgetExceededError
from billing.models import Budget, Reservation, Usage
from billing.services.calls import Call
from billing.services.ledger import Report, correct_cost, record_quantity
from billing.services.reservations import (
    expire_reservations,
    record_attempt,
    release,
    reserve,
    settle,
)
from tests.billing.samples import make_prices
from tests.billing.sums import Key, Sums, add_up, add_up_days, read_days, read_sums
from tests.factories.billing import BudgetFactory, MeterPriceFactory, make_call

# What an output token of claude-plain costs.
UNIT = Decimal("0.00001")
EXPIRES_IN = timedelta(minutes=15)
LIMITS = {
    (Scope.REFERENCE, ""): 100,
    (Scope.REFERENCE, "chat"): 60,
    (Scope.PAYER_MONTH, ""): 150,
    (Scope.KEY_DAY, ""): 160,
    (Scope.KEY_DAY, "score"): 90,
}

T = TypeVar("T")

units = st.integers(0, 40)
crashes = st.none() | st.integers(0, 7)
calls = st.builds(
    make_call,
    payer=st.sampled_from(["1", "2"]),
    reference=st.sampled_from(["a", "b"]),
    purpose=st.sampled_from(["chat", "score"]),
    key_label=st.sampled_from(["key", "spare key"]),
    is_simulated=st.sampled_from([False, False, True]),
)


class CrashError(Exception):
    """The process dies in the middle of its writes."""


@contextmanager
def crash_at(write: int | None) -> Iterator[None]:
    """Raise CrashError in place of the write with this number, if it comes to it."""
    seen = 0

    def count(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        nonlocal seen
        if sql.startswith(("INSERT", "UPDATE")):
            seen += 1
            if write is not None and seen > write:
                raise CrashError
        return execute(sql, *args)

    with connection.execute_wrapper(count):
        yield


@dataclass
class Entry:
    """What one call or quantity has to come to in the sums of its payer."""

    payer: str
    amount: Decimal
    is_known: bool


class Meters(RuleBasedStateMachine):
    """A model of each call's amount beside the ledger, the sums and the reservations."""

    reservations: Bundle[UUID] = Bundle("reservations")

    def __init__(self) -> None:
        super().__init__()
        self._transaction = transaction.atomic()
        self._transaction.__enter__()
        make_prices()
        MeterPriceFactory.create(
            usd=UNIT, per=1, valid_from=datetime(2026, 11, 1, tzinfo=UTC)
        )
        Budget.objects.all().delete()
        self.limits = {key: UNIT * hard for key, hard in LIMITS.items()}
        for (scope, purpose), hard in self.limits.items():
            BudgetFactory.create(
                payer="", subject="", scope=scope, purpose=purpose, hard_usd=hard
            )
        self.now = datetime(2026, 11, 30, 12, tzinfo=UTC)
        self.entries: dict[int, Entry] = {}
        self.uninvited = Decimal(0)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._transaction.__exit__(None, None, None)

    def _try(self, write: int | None, act: Callable[[], T]) -> T | None:
        # Whoever calls is in a transaction, which a crash takes back as a whole.
        try:
            with at_time(self.now), transaction.atomic(), crash_at(write):
                return act()
        except CrashError:
            return None

    def _excess(self, sums: Sums, call: Call, bound: Decimal) -> bool:
        """Say whether a limit is in the way of a call, from sums added up anew."""
        month = self.now.date().replace(day=1)
        for (scope, purpose), hard in self.limits.items():
            if purpose not in ("", call.purpose):
                continue
            key: Key = {
                Scope.REFERENCE: (call.payer, "reference", call.reference),
                Scope.PAYER_MONTH: (call.payer, "payer_month", call.payer),
                Scope.KEY_DAY: ("", "key_day", call.key_label),
            }[scope] + (
                purpose,
                {
                    Scope.REFERENCE: datetime(1970, 1, 1, tzinfo=UTC).date(),
                    Scope.PAYER_MONTH: month,
                    Scope.KEY_DAY: self.now.date(),
                }[scope],
                call.is_simulated,
            )
            spent, reserved = sums.get(key, (Decimal(0), Decimal(0)))
            fits = spent + reserved + bound <= hard
            if not fits and not (reserved == 0 and spent < hard):
                return True
        return False

    @rule(target=reservations, call=calls, bound=units, write=crashes)
    def reserve(
        self, call: Call, bound: int, write: int | None
    ) -> UUID | MultipleResults[UUID]:
        amount = bound * UNIT
        is_over = self._excess(add_up(), call, amount)
        due = Reservation.objects.filter(
            account__payer=call.payer, state="open", expires_at__lte=self.now
        ).exists()

        try:
            made = self._try(
                write, lambda: reserve(call, bound=amount, expires_in=EXPIRES_IN)
            )
        except BudgetExceededError:
            assert is_over
            return multiple()
        finally:
            self._note_expired()
        if made is None:
            return multiple()
        assert due or not is_over
        return made.pk

    @rule(
        pk=reservations,
        taken=units,
        how=st.sampled_from(["known", "known", "lost", "priceless", "unbilled"]),
        write=crashes,
    )
    def settle(self, pk: UUID, taken: int, how: str, write: int | None) -> None:
        before = Reservation.objects.select_related("account").get(pk=pk)
        cost = min(taken * UNIT, before.amount_usd)
        report = _report(how, cost)

        usage = self._try(write, lambda: settle(pk, report))

        if usage is None or before.state == "settled":
            return
        root = usage.corrects_id or usage.pk
        entry = self.entries.setdefault(
            root, Entry(before.account.payer, before.amount_usd, is_known=False)
        )
        if how in ("known", "unbilled"):
            known = cost if how == "known" else Decimal(0)
            self._invite_nothing(before, entry, known)
            entry.amount, entry.is_known = known, True
        elif before.state == "released":
            self.uninvited += before.amount_usd

    def _invite_nothing(
        self, before: Reservation, entry: Entry, known: Decimal
    ) -> None:
        """Money that no reservation held when it was spent was not let in by a limit."""
        if before.state != "open":
            self.uninvited += max(known, known - entry.amount)

    @rule(
        pk=reservations,
        taken=units,
        how=st.sampled_from(["known", "lost", "unbilled"]),
        write=crashes,
    )
    def record_attempt(self, pk: UUID, taken: int, how: str, write: int | None) -> None:
        before = Reservation.objects.select_related("account").get(pk=pk)
        cost = Decimal(0) if how == "unbilled" else taken * UNIT

        usage = self._try(write, lambda: record_attempt(pk, _report(how, cost)))

        if usage is not None:
            amount = before.amount_usd if how == "lost" else cost
            self._add(usage, Entry(before.account.payer, amount, how != "lost"))

    @rule(pk=reservations, write=crashes)
    def release(self, pk: UUID, write: int | None) -> None:
        before = Reservation.objects.get(pk=pk)

        self._try(write, lambda: release(pk))

        state = Reservation.objects.get(pk=pk).state
        if (before.state, state) == ("expired", "released"):
            assert before.usage_id is not None
            entry = self.entries[before.usage_id]
            entry.amount, entry.is_known = Decimal(0), True

    @rule(minutes=st.sampled_from([1, 14, 15, 60, 720]), write=crashes)
    def expire(self, minutes: int, write: int | None) -> None:
        self.now += timedelta(minutes=minutes)
        self._try(write, expire_reservations)
        self._note_expired()
        if write is None:
            due = Reservation.objects.filter(state="open", expires_at__lte=self.now)
            assert not due.exists()

    def _note_expired(self) -> None:
        """The sweep is a transaction for each row: a crash leaves the rest open."""
        expired = Reservation.objects.filter(state="expired").select_related("account")
        for row in expired:
            assert row.usage_id is not None
            entry = Entry(row.account.payer, row.amount_usd, is_known=False)
            self.entries.setdefault(row.usage_id, entry)

    @rule(which=st.integers(0, 1_000), to=units, write=crashes)
    def correct(self, which: int, to: int, write: int | None) -> None:
        rows = list(Usage.objects.order_by("pk"))
        if not rows:
            return
        usage, cost = rows[which % len(rows)], to * UNIT

        if self._try(write, lambda: correct_cost(usage, cost, note="random")):
            entry = self.entries[usage.corrects_id or usage.pk]
            self.uninvited += max(cost - entry.amount, Decimal(0))
            entry.amount, entry.is_known = cost, True

    @rule(call=calls, quantity=units, key=st.integers(0, 20), write=crashes)
    def record_quantity(
        self, call: Call, quantity: int, key: int, write: int | None
    ) -> None:
        usage = self._try(
            write,
            lambda: record_quantity(
                call, Meter.SANDBOX, quantity, idempotency_key=f"random:{key}"
            ),
        )
        if usage is not None and usage.pk not in self.entries:
            self._add(usage, Entry(call.payer, quantity * UNIT, is_known=True))

    def _add(self, usage: Usage, entry: Entry) -> None:
        self.entries[usage.pk] = entry
        self.uninvited += entry.amount

    @invariant()
    def sums_agree_with_the_ledger(self) -> None:
        assert read_sums() == add_up()
        assert read_days() == add_up_days()

    @invariant()
    def no_correction_is_corrected(self) -> None:
        assert not Usage.objects.filter(corrects__corrects__isnull=False).exists()

    @invariant()
    def every_call_counts_once(self) -> None:
        assert Usage.objects.filter(corrects=None).count() == len(self.entries)
        for payer in ("1", "2"):
            amounts = [e.amount for e in self.entries.values() if e.payer == payer]
            spent = [
                spent
                for (_, scope, subject, purpose, *_), (spent, _) in read_sums().items()
                if (scope, subject, purpose) == ("payer_month", payer, "")
            ]
            assert sum(spent) == sum(amounts)

    @invariant()
    def no_limit_is_overrun_by_more_than_a_call(self) -> None:
        """What no limit lets in (tries, corrections, quantities) is beside it."""
        for (_, scope, _, purpose, *_), (spent, reserved) in read_sums().items():
            assert spent >= 0
            assert reserved >= 0
            hard = self.limits.get((Scope(scope), purpose))
            if hard is not None:
                assert spent + reserved <= hard + 40 * UNIT + self.uninvited


def _report(how: str, cost: Decimal) -> Report:
    if how == "lost":
        return Report(Outcome.TIMED_OUT)
    if how == "unbilled":
        return Report(Outcome.FAILED, is_unbilled=True)
    raw = {"input_tokens": 0, "output_tokens": int(cost / UNIT)}
    if how == "priceless":
        return Report(Outcome.FINISHED, {**raw, "speed": "fast"})
    return Report(Outcome.FINISHED, raw)
