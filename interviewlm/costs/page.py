"""Everything the page about money shows to one member."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import Standing
from base.clock import now
from billing.purposes import purpose_label
from billing.reports import (
    Filter,
    Forecast,
    ReferenceCosts,
    ReportLine,
    Totals,
    forecast_month,
    reference_costs,
    report,
    totals,
)
from billing.scenarios import ScenarioPrice, price_scenarios
from interviewlm.costs import tables
from interviewlm.costs.budgets import find_stop, has_only_simulated, month_gauges
from interviewlm.costs.forms import CostsForm, Figures, Period, today
from interviewlm.costs.timeline import build_timeline, pick_unit
from interviewlm.costs.words import (
    format_count,
    format_share,
    format_usd,
    places_for,
)

DEAREST = 10


@dataclass(frozen=True)
class Table:
    """One breakdown: a heading, the dimension's name, and its rows."""

    slug: str
    title: str
    heading: str
    rows: list[tables.Row]


@dataclass(frozen=True)
class Tile:
    """One headline figure."""

    label: str
    figure: str
    note: str = ""
    tone: str = ""


class Ledger:
    """The reports over one choice, each read once."""

    def __init__(self, chosen: Filter) -> None:
        self.chosen = chosen
        self.open = replace(chosen, purpose="", model="", group="")
        self._read: dict[tuple[Filter, str], list[ReportLine]] = {}

    def lines(self, by: str, chosen: Filter | None = None) -> list[ReportLine]:
        """Return a report of the choice, or of another one."""
        key = (chosen or self.chosen, by)
        if key not in self._read:
            self._read[key] = report(key[0], by)
        return self._read[key]

    def choices(self, by: str) -> list[str]:
        """Return what there is of a dimension before anything is left out."""
        return [line.key for line in self.lines(by, self.open) if line.key]


def read_form(standing: Standing, asked: Mapping[str, str]) -> CostsForm:
    """Return the form of what was asked; simulated figures only where there are no others."""
    only_simulated = has_only_simulated(payer_of(standing))
    return CostsForm(asked, Figures.SIMULATED if only_simulated else Figures.REAL)


def payer_of(standing: Standing) -> str:
    """Return the ledger's word for the organisation somebody works in."""
    return str(standing.organisation.pk)


def filter_of(standing: Standing, cleaned: Mapping[str, Any]) -> Filter:
    """Return the rows a valid form asks for."""
    period: Period = cleaned["days"]
    return Filter(
        payer=payer_of(standing),
        start=period.start,
        end=period.end,
        purpose=cleaned["purpose"],
        model=cleaned["model"],
        group=cleaned["assessment"],
        is_simulated=cleaned["figures"] == Figures.SIMULATED,
    )


def build_page(standing: Standing, form: CostsForm) -> dict[str, Any]:
    """Return the template's context; without a valid choice there are no figures."""
    context: dict[str, Any] = {
        "form": form,
        "organisation": standing.organisation,
        "role": standing.role.label,
        "budgets_url": reverse("admin:billing_budget_changelist")
        if standing.may("change", "budget")
        else "",
    }
    if form.is_valid():
        context |= _build_figures(standing, form)
    _offer_words(context.get("ledger"), form, context.get("names", {}))
    return context


def _offer_words(
    ledger: Ledger | None, form: CostsForm, names: Mapping[str, str]
) -> None:
    def found(by: str) -> list[str]:
        return ledger.choices(by) if ledger else []

    def name(group: str) -> str:
        return tables.group_name(names, group)

    form.offer("purpose", found("purpose"), purpose_label, _("All purposes"))
    form.offer("model", found("model"), str, _("All models"))
    form.offer("assessment", found("group"), name, _("All assessments"))


def _build_figures(standing: Standing, form: CostsForm) -> dict[str, Any]:
    cleaned = form.cleaned_data
    period: Period = cleaned["days"]
    chosen = filter_of(standing, cleaned)
    ledger = Ledger(chosen)
    names = tables.assessment_names(
        standing.organisation, {*ledger.choices("group"), chosen.group}
    )
    sums, each = totals(chosen), reference_costs(chosen)
    forecast = forecast_month(replace(chosen, start=None, end=None), today())
    month = today().replace(day=1)
    unit = pick_unit(period)
    asked = {name: str(value) for name, value in form.data.items() if value}
    return {
        "ledger": ledger,
        "names": names,
        "period": period,
        "is_simulated": chosen.is_simulated,
        "sums": sums,
        "is_empty": not (sums.calls or sums.cost_usd or sums.unknown_calls),
        "tiles": build_tiles(sums, each, forecast),
        "unknown_url": tables.ledger_address(chosen, cost_usd__isnull="1"),
        "calls_url": tables.calls_address(chosen),
        "csv_url": tables.page_address(asked, page="costs:costs-csv"),
        "gauges": month_gauges(
            chosen.payer or "", month, is_simulated=chosen.is_simulated
        ),
        "month": date_format(month, "F Y"),
        "stop": find_stop(chosen.payer or ""),
        **build_timeline(ledger.lines(unit), unit, period, asked),
        "tables": {
            **_build_tables(ledger, names, asked),
            "reference": _build_dearest(standing, ledger, sums.cost_usd),
        },
        "outcomes": tables.outcome_rows(ledger.lines("outcome"), chosen),
        "measured": _measured(each),
        "scenarios": _build_scenarios(ledger),
    }


def build_tiles(sums: Totals, each: ReferenceCosts, forecast: Forecast) -> list[Tile]:
    """Return the headline figures."""
    basis = ngettext(
        "from one day so far",
        "from the mean of %(days)d days",
        forecast.basis_days,
    ) % {"days": forecast.basis_days}
    places = places_for([each.p95_usd])
    return [
        Tile(_("Spent"), _spent_words(sums), _calls_note(sums)),
        Tile(
            _("Forecast for %(month)s") % {"month": date_format(today(), "F")},
            format_usd(forecast.expected_usd),
            basis if forecast.basis_days else _("nothing to go by yet"),
        ),
        Tile(_("Median interview"), format_usd(each.median_usd, places)),
        Tile(
            _("95th percentile"),
            format_usd(each.p95_usd, places),
            _("19 of 20 interviews cost at most this"),
        ),
        Tile(_("Interviews"), format_count(each.count)),
        *_ledger_tiles(sums),
    ]


def _ledger_tiles(sums: Totals) -> list[Tile]:
    """Return what the cache saved, and what went wrong."""
    return [
        Tile(
            _("Saved by the cache"),
            format_usd(sums.saved_usd),
            _("%(share)s of the input was read from it")
            % {"share": format_share(sums.cache_read_tokens, sums.prompt_tokens)}
            if sums.cache_read_tokens
            else "",
        ),
        Tile(
            _("Failed calls"),
            format_count(sums.failed_calls),
            _("%(share)s of all calls")
            % {"share": format_share(sums.failed_calls, sums.calls)}
            if sums.failed_calls
            else "",
            "warning" if sums.failed_calls else "",
        ),
        Tile(
            _("Calls of unknown cost"),
            format_count(sums.unknown_calls),
            _("in no sum on this page") if sums.unknown_calls else "",
            "danger" if sums.unknown_calls else "",
        ),
    ]


def _spent_words(sums: Totals) -> str:
    if sums.unknown_calls and not sums.cost_usd:
        return _("unknown")
    return format_usd(sums.cost_usd)


def _calls_note(sums: Totals) -> str:
    words = ngettext("in %(count)s call", "in %(count)s calls", sums.calls)
    return words % {"count": format_count(sums.calls)}


def _build_tables(
    ledger: Ledger, names: Mapping[str, str], asked: Mapping[str, str]
) -> dict[str, Table]:
    """Return what was spent by purpose, by model and by assessment."""

    def build(
        by: str, field: str, title: str, heading: str, name: Callable[[str], str]
    ) -> Table:
        def url(key: str) -> str:
            return tables.page_address(asked, **{field: key}) if key else ""

        def calls_url(key: str) -> str:
            exact = {f"{by}__exact": key}
            return tables.calls_address(ledger.chosen, **exact) if key else ""

        rows = tables.build_rows(
            ledger.lines(by), name=name, url=url, calls_url=calls_url
        )
        return Table(by, title, heading, rows)

    def model_name(model: str) -> str:
        return model or _("No model")

    def group_name(group: str) -> str:
        return tables.group_name(names, group)

    words = (
        ("purpose", "purpose", _("By purpose"), _("Purpose"), purpose_label),
        ("model", "model", _("By model"), _("Model"), model_name),
        ("group", "assessment", _("By assessment"), _("Assessment"), group_name),
    )
    return {line[0]: build(*line) for line in words}


def _build_dearest(standing: Standing, ledger: Ledger, whole: Decimal) -> Table:
    """Return the dearest interviews; names only for who may see interviews."""
    lines = [line for line in ledger.lines("reference") if line.key]
    lines = sorted(lines, key=lambda line: (-line.totals.cost_usd, line.key))[:DEAREST]
    names = (
        tables.interview_names(standing.organisation, [line.key for line in lines])
        if standing.may("view", "interview")
        else {}
    )
    rows = tables.build_rows(
        lines,
        name=lambda key: names.get(key) or tables.short_reference(key),
        url=lambda key: (
            f"{reverse('admin:interview-review', args=[key])}#money"
            if key in names
            else ""
        ),
        calls_url=lambda key: tables.calls_address(
            replace(ledger.chosen, reference=key)
        ),
        whole=whole,
    )
    return Table("reference", _("Dearest interviews"), _("Interview"), rows)


def _measured(each: ReferenceCosts) -> dict[str, str]:
    places = places_for([each.highest_usd])
    return {
        "count": format_count(each.count) if each.count else "",
        "median": format_usd(each.median_usd, places),
        "p95": format_usd(each.p95_usd, places),
        "highest": format_usd(each.highest_usd, places),
    }


def _build_scenarios(ledger: Ledger) -> dict[str, Any]:
    """Return the made-up interviews as columns, models as rows, those in use first."""
    prices: list[ScenarioPrice] = price_scenarios(now())
    in_use = set(ledger.choices("model"))
    columns = list(dict.fromkeys(price.scenario for price in prices))
    by_model: dict[tuple[str, str], dict[Any, Any]] = {}
    for price in prices:
        by_model.setdefault((price.provider, price.model), {})[price.scenario] = (
            price.cost_usd
        )
    rows = [
        {
            "model": model,
            "in_use": model in in_use,
            "costs": [
                format_usd(costs[column], 2) if costs.get(column) is not None else "–"
                for column in columns
            ],
        }
        for (_provider, model), costs in by_model.items()
    ]
    rows.sort(key=lambda row: not row["in_use"])
    return {"columns": columns, "rows": rows}
