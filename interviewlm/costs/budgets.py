"""How far the budgets over something are used up, for people to see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.enums import Scope
from billing.models import Account, Budget, SpendWindow
from billing.purposes import purpose_label
from billing.services.windows import ALWAYS, INSTALLATION, Limits, LimitTable
from interviewlm.costs.charts import percent
from interviewlm.costs.words import format_share, format_usd, places_for

_MOST = Decimal("0.8")


@dataclass(frozen=True)
class Gauge:
    """One budget: what is spent and reserved of it, in words and as lengths."""

    label: str
    spent: str
    reserved: str
    limit: str
    soft: str
    share: str
    words: str
    tone: str
    spent_width: str
    reserved_at: str
    reserved_width: str
    soft_at: str
    is_whole: bool


def month_gauges(payer: str, month: date, *, is_simulated: bool) -> list[Gauge]:
    """Return the budgets of a payer's month, the one over all purposes first."""
    return _gauges(payer, Scope.PAYER_MONTH, payer, month, is_simulated=is_simulated)


def reference_gauges(payer: str, reference: str, *, is_simulated: bool) -> list[Gauge]:
    """Return the budgets of one interview."""
    return _gauges(payer, Scope.REFERENCE, reference, ALWAYS, is_simulated=is_simulated)


def _gauges(
    payer: str, scope: Scope, subject: str, starts_on: date, *, is_simulated: bool
) -> list[Gauge]:
    found = SpendWindow.objects.filter(
        scope=scope, subject=subject, starts_on=starts_on, is_simulated=is_simulated
    )
    windows = {window.purpose: window for window in found}
    table = LimitTable(payer)
    gauges = []
    for purpose in sorted({*windows, *_limited_purposes(payer, scope)}):
        window = windows.get(purpose) or SpendWindow(
            payer=payer, scope=scope, subject=subject, purpose=purpose
        )
        limits = table.find(window)
        if limits.soft is not None or limits.hard is not None:
            gauges.append(_gauge(window, limits))
    return gauges


def _limited_purposes(payer: str, scope: Scope) -> Iterable[str]:
    rows = Budget.objects.filter(
        is_active=True, payer__in={payer, INSTALLATION}, scope=scope
    )
    return rows.values_list("purpose", flat=True)


def _gauge(window: SpendWindow, limits: Limits) -> Gauge:
    spent, reserved = Decimal(window.spent_usd), Decimal(window.reserved_usd)
    limit = limits.soft if limits.hard is None else limits.hard
    whole = max(limit or Decimal(0), spent + reserved)
    tone, words = _standing(spent, limits)
    places = places_for([limit or Decimal(0)])
    purpose = purpose_label(window.purpose)
    return Gauge(
        label=purpose if window.purpose else _("Everything together"),
        spent=format_usd(spent, places),
        reserved=format_usd(reserved, places) if reserved else "",
        limit=format_usd(limit or Decimal(0), places),
        soft="" if limits.soft is None else format_usd(limits.soft, places),
        share=format_share(spent, limit or Decimal(0)),
        words=words,
        tone=tone,
        spent_width=percent(spent, whole),
        reserved_at=percent(spent, whole),
        reserved_width=percent(reserved, whole),
        soft_at=""
        if limits.soft is None or limits.hard is None
        else percent(limits.soft, whole),
        is_whole=not window.purpose,
    )


def _standing(spent: Decimal, limits: Limits) -> tuple[str, str]:
    """Return tone and words of how near the limits are."""
    if limits.hard is not None and spent >= limits.hard:
        return "danger", _("Used up: calls are refused until the limit is raised.")
    if limits.soft is not None and spent >= limits.soft:
        return "warning", _("Over the soft limit.")
    if limits.hard is not None and spent >= limits.hard * _MOST:
        return "warning", _("Nearly used up.")
    if limits.hard is None:
        return "good", _("Within the soft limit; there is no hard one.")
    return "good", _("Within the limit.")


def find_stop(payer: str) -> Account | None:
    """Return the account whose spending is stopped: everybody's, or this payer's."""
    return (
        Account.objects.filter(
            payer__in=[INSTALLATION, payer], stopped_at__isnull=False
        )
        .order_by("payer")
        .first()
    )


def has_only_simulated(payer: str) -> bool:
    """Say whether all that was ever metered for a payer is simulated."""
    # The running sums: one row a month says what the ledger would say in millions.
    kinds = SpendWindow.objects.filter(
        payer=payer, scope=Scope.PAYER_MONTH, purpose=""
    ).values_list("is_simulated", flat=True)
    return set(kinds) == {True}
