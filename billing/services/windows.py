"""The running sums a call counts in, their limits, and the lines it crosses."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Q

from billing.enums import AlertLevel, Scope
from billing.fields import usd
from billing.models import Account, Budget, BudgetAlert, SpendWindow
from billing.services.calls import Call

ALWAYS = date(1970, 1, 1)
INSTALLATION = ""
_PARTS = ((AlertLevel.HALF, 50), (AlertLevel.MOST, 80), (AlertLevel.ALL, 100))


@dataclass(frozen=True)
class WindowKey:
    """Which running sum: a scope's subject, from a day on, of one purpose or all."""

    payer: str
    scope: Scope
    subject: str
    purpose: str
    starts_on: date
    is_simulated: bool


@dataclass(frozen=True)
class Limits:
    """What a window may reach, in US dollars; None holds nothing."""

    soft: Decimal | None = None
    hard: Decimal | None = None


def window_keys(call: Call, at: datetime) -> list[WindowKey]:
    """Return the sums a call at a time (UTC) counts in."""
    day = at.date()
    scopes = [(call.payer, Scope.PAYER_MONTH, call.payer, day.replace(day=1))]
    if call.reference:
        scopes.append((call.payer, Scope.REFERENCE, call.reference, ALWAYS))
    if call.key_label:
        scopes.append((INSTALLATION, Scope.KEY_DAY, call.key_label, day))
    return [
        WindowKey(payer, scope, subject, purpose, starts_on, call.is_simulated)
        for payer, scope, subject, starts_on in scopes
        for purpose in sorted({"", call.purpose})
    ]


def lock_account(payer: str) -> Account:
    """Lock the payer's account, made if need be: always the first lock taken here."""
    accounts = Account.objects.select_for_update()
    account = accounts.filter(payer=payer).first()
    if account is None:
        # Others may be making it, too; whoever made it, it is locked only now.
        Account.objects.get_or_create(payer=payer)
        account = accounts.get(payer=payer)
    return account


def lock_windows(keys: Sequence[WindowKey]) -> list[SpendWindow]:
    """Lock the sums, made if need be, in the order of their numbers."""
    found = _select(keys)
    if len(found) < len(keys):
        SpendWindow.objects.bulk_create(
            [
                SpendWindow(
                    payer=key.payer,
                    scope=key.scope,
                    subject=key.subject,
                    purpose=key.purpose,
                    starts_on=key.starts_on,
                    is_simulated=key.is_simulated,
                )
                for key in keys
            ],
            ignore_conflicts=True,
        )
        found = _select(keys)
    return found


def _select(keys: Sequence[WindowKey]) -> list[SpendWindow]:
    condition = Q(pk__in=())
    for key in keys:
        condition |= _condition(key)
    return list(
        SpendWindow.objects.select_for_update().filter(condition).order_by("pk")
    )


def _condition(key: WindowKey) -> Q:
    return Q(
        payer=key.payer,
        scope=key.scope,
        subject=key.subject,
        purpose=key.purpose,
        starts_on=key.starts_on,
        is_simulated=key.is_simulated,
    )


def read_windows(keys: Sequence[WindowKey]) -> list[SpendWindow]:
    """Return the sums without locking them; where nothing was spent yet, an empty one."""
    condition = Q(pk__in=())
    for key in keys:
        condition |= _condition(key)
    found = {
        _key_of(window): window for window in SpendWindow.objects.filter(condition)
    }
    return [found.get(key) or SpendWindow(**asdict(key)) for key in keys]


def _key_of(window: SpendWindow) -> WindowKey:
    return WindowKey(
        window.payer,
        Scope(window.scope),
        window.subject,
        window.purpose,
        window.starts_on,
        window.is_simulated,
    )


def add_to_windows(
    windows: Sequence[SpendWindow], *, spent: Decimal, reserved: Decimal
) -> None:
    """Add to locked sums, in the database and in the rows given."""
    SpendWindow.objects.filter(pk__in=[window.pk for window in windows]).update(
        spent_usd=F("spent_usd") + usd(spent),
        reserved_usd=F("reserved_usd") + usd(reserved),
    )
    for window in windows:
        window.spent_usd += spent
        window.reserved_usd += reserved


class LimitTable:
    """The budgets in force, read once for a decision; the most specific row wins."""

    def __init__(self, payer: str) -> None:
        rows = Budget.objects.filter(is_active=True, payer__in={payer, INSTALLATION})
        self._rows = {
            (row.payer, row.scope, row.subject, row.purpose): Limits(
                row.soft_usd, row.hard_usd
            )
            for row in rows
        }
        self._payer = payer

    @property
    def has_soft(self) -> bool:
        """Whether there is any soft limit to be reached."""
        return any(limits.soft is not None for limits in self._rows.values())

    @property
    def has_hard(self) -> bool:
        """Whether there is any hard limit to be reached."""
        return any(limits.hard is not None for limits in self._rows.values())

    def find(self, window: SpendWindow) -> Limits:
        """Return the limits of a window."""
        for payer in (self._payer, INSTALLATION):
            for subject in (window.subject, ""):
                key = (payer, window.scope, subject, window.purpose)
                if key in self._rows:
                    return self._rows[key]
        return Limits()


def note_crossings(windows: Sequence[SpendWindow], table: LimitTable) -> list[int]:
    """Write an alert for each line crossed, once per value of the limit.

    Returns the numbers of the new alerts.
    """
    crossed = [
        BudgetAlert(
            window=window, level=level, limit_usd=limit, spent_usd=window.spent_usd
        )
        for window in windows
        for level, limit in _crossed_lines(window, table.find(window))
    ]
    if not crossed:
        return []
    known = set(
        BudgetAlert.objects.filter(
            window__in={alert.window_id for alert in crossed}
        ).values_list("window_id", "level", "limit_usd")
    )
    new = [
        alert
        for alert in crossed
        if (alert.window_id, alert.level, alert.limit_usd) not in known
    ]
    return [alert.pk for alert in BudgetAlert.objects.bulk_create(new)]


def _crossed_lines(
    window: SpendWindow, limits: Limits
) -> list[tuple[AlertLevel, Decimal]]:
    lines: list[tuple[AlertLevel, Decimal]] = []
    if window.spent_usd <= 0:
        return lines
    if limits.soft is not None and window.spent_usd >= limits.soft:
        lines.append((AlertLevel.SOFT, limits.soft))
    if limits.hard is not None:
        lines += [
            (level, limits.hard)
            for level, percent in _PARTS
            if window.spent_usd * 100 >= limits.hard * percent
        ]
    return lines
