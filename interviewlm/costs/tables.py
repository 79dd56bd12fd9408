"""Sums by one dimension as rows: names, lengths, and where a click leads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organisation
from billing.enums import TROUBLED, Meter, Outcome
from billing.reports import Filter, ReportLine, Totals
from interviewlm.costs.charts import percent
from interviewlm.costs.words import (
    format_count,
    format_share,
    format_usd,
    outcome_label,
    places_for,
)
from interviews.models import AssessmentVersion, Interview


@dataclass(frozen=True)
class Row:
    """One line of a table; an empty address is no link."""

    name: str
    cost: str
    share: str
    bar: str
    calls: str
    failed: str
    unknown: int
    saved: str
    url: str = ""
    calls_url: str = ""
    tone: str = ""
    count: int = 0


def last_day(chosen: Filter) -> date | None:
    """Return the last day that a filter counts."""
    return chosen.end - timedelta(days=1) if chosen.end else None


def ledger_address(chosen: Filter, **more: str) -> str:
    """Return the list of the calls that a filter counts."""
    wanted = {
        "is_simulated__exact": "1" if chosen.is_simulated else "0",
        "day__gte": chosen.start.isoformat() if chosen.start else "",
        "day__lt": chosen.end.isoformat() if chosen.end else "",
        "purpose__exact": chosen.purpose,
        "model__exact": chosen.model,
        "group__exact": chosen.group,
        "reference__exact": chosen.reference,
        **more,
    }
    query = urlencode({name: value for name, value in wanted.items() if value})
    return f"{reverse('admin:billing_usage_changelist')}?{query}"


def calls_address(chosen: Filter, **more: str) -> str:
    """Return the list of the calls alone, without what is metered otherwise."""
    return ledger_address(chosen, meter__exact=Meter.TOKENS, **more)


def page_address(
    asked: Mapping[str, str], page: str = "costs:costs-show", **more: str
) -> str:
    """Return this page, or the download, with something more chosen."""
    wanted = {**asked, **more}
    query = urlencode({name: value for name, value in wanted.items() if value})
    return f"{reverse(page)}?{query}"


def build_rows(
    lines: Sequence[ReportLine],
    *,
    name: Callable[[str], str],
    url: Callable[[str], str] = lambda _key: "",
    calls_url: Callable[[str], str] = lambda _key: "",
    by_cost: bool = True,
    whole: Decimal | None = None,
) -> list[Row]:
    """Return a row for each line, the dearest first; shares are of all the lines.

    `whole` is what they are shares of, if the lines are not everything.
    """
    if whole is None:
        whole = sum((line.totals.cost_usd for line in lines), Decimal(0))
    places = places_for(line.totals.cost_usd for line in lines)
    ordered = sorted(lines, key=lambda line: (-line.totals.cost_usd, line.key))
    return [
        replace(
            _row(line.totals, whole, places),
            name=name(line.key),
            url=url(line.key),
            calls_url=calls_url(line.key) if line.totals.calls else "",
        )
        for line in (ordered if by_cost else lines)
    ]


def _row(sums: Totals, whole: Decimal, places: int) -> Row:
    return Row(
        name="",
        cost=say_cost(sums, places),
        share=format_share(sums.cost_usd, whole) if sums.cost_usd else "",
        bar=percent(sums.cost_usd, whole),
        calls=format_count(sums.calls),
        failed=format_count(sums.failed_calls),
        unknown=sums.unknown_calls,
        saved=format_usd(sums.saved_usd, places),
        count=sums.calls,
    )


def say_cost(sums: Totals, places: int) -> str:
    """Return the known cost; nothing where all there is is unknown, never zero."""
    if sums.unknown_calls and not sums.cost_usd:
        return ""
    return format_usd(sums.cost_usd, places)


_TONES: dict[str, str] = {
    Outcome.FINISHED: "good",
    **dict.fromkeys(TROUBLED, "danger"),
}


def outcome_rows(lines: Sequence[ReportLine], chosen: Filter) -> list[Row]:
    """Return the ways calls ended, most calls first; shares are of the calls.

    Corrections are no calls: their row leads to them by its name.
    """
    calls = sum(line.totals.calls for line in lines)
    places = places_for(line.totals.cost_usd for line in lines)
    rows = []
    for line in sorted(lines, key=lambda line: (-line.totals.calls, line.key)):
        row, count = _row(line.totals, Decimal(0), places), line.totals.calls
        list_rows = calls_address if count else ledger_address
        address = list_rows(chosen, outcome__exact=line.key)
        rows.append(
            replace(
                row,
                name=outcome_label(line.key),
                calls=row.calls if count else "–",
                share=format_share(count, calls) if count else "",
                bar=percent(count, calls),
                tone=_TONES.get(line.key, ""),
                url="" if count else address,
                calls_url=address if count else "",
            )
        )
    return rows


def assessment_names(
    organisation: Organisation, groups: Iterable[str]
) -> dict[str, str]:
    """Return the newest titles of the organisation's own assessments, by group."""
    ids = [int(group) for group in groups if group.isdecimal() and len(group) < 19]
    rows = (
        AssessmentVersion.objects.filter(
            assessment__organisation=organisation, assessment__in=ids
        )
        .order_by("assessment", "-number")
        .values_list("assessment_id", "title")
    )
    names: dict[str, str] = {}
    for pk, title in rows:
        names.setdefault(str(pk), title)
    return names


def group_name(names: Mapping[str, str], group: str) -> str:
    """Return an assessment's title; an unknown one is shown by its number."""
    if not group:
        return _("No assessment")
    return names.get(group) or _("Assessment %(id)s") % {"id": group}


def interview_names(
    organisation: Organisation, references: Iterable[str]
) -> dict[str, str]:
    """Return the candidates' names of the organisation's own interviews."""
    ids = [reference for reference in references if _is_uuid(reference)]
    rows: Any = Interview.objects.filter(organisation=organisation, pk__in=ids)
    return {str(row.pk): str(row.candidate) for row in rows.select_related("candidate")}


def _is_uuid(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return True


def short_reference(reference: str) -> str:
    """Return an interview's number as far as people can tell two apart."""
    if not reference:
        return _("No interview")
    return reference[:8] if _is_uuid(reference) else reference
