"""Everything the page about models' figures shows to one member."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import Standing
from assistant.figures import (
    SAMPLE,
    ModelFigures,
    Spread,
    Which,
    read_choices,
    read_figures,
)
from assistant.models import ModelCall
from billing.purposes import purpose_label
from interviewlm.costs.forms import CostsForm, Figures, Period
from interviewlm.costs.words import format_count, format_share


class FiguresForm(CostsForm):
    """The choice of days and calls, from an address."""

    # How a form is told to do without a field of its base.
    assessment = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Fact:
    """One figure with its name."""

    label: str
    figure: str
    tone: str = ""


@dataclass(frozen=True)
class Line:
    """One word of a distribution: of the first token, and of the whole call."""

    label: str
    first_token: str
    duration: str


@dataclass(frozen=True)
class Card:
    """One model asked for one purpose."""

    slug: str
    title: str
    purpose: str
    facts: list[Fact]
    lines: list[Line]
    calls_url: str


def read_form(standing: Standing, asked: Mapping[str, str]) -> FiguresForm:
    """Return the form of what was asked; simulated calls only where there are no others."""
    own = ModelCall.objects.filter(organisation=standing.organisation)
    only_simulated = own.exists() and not own.filter(is_simulated=False).exists()
    return FiguresForm(asked, Figures.SIMULATED if only_simulated else Figures.REAL)


def build_page(standing: Standing, form: FiguresForm) -> dict[str, Any]:
    """Return the template's context; without a valid choice there are no figures."""
    context: dict[str, Any] = {
        "form": form,
        "organisation": standing.organisation,
        "role": standing.role.label,
    }
    choices: dict[str, list[str]] = {"purpose": [], "model": []}
    if form.is_valid():
        which = _which(standing, form.cleaned_data)
        choices = read_choices(replace(which, purpose="", model=""))
        figures = read_figures(which)
        context |= {
            "period": form.cleaned_data["days"],
            "is_simulated": which.is_simulated,
            "cards": [_card(number, each) for number, each in enumerate(figures)],
            "is_sampled": _is_sampled(figures),
            "sample": format_count(SAMPLE),
        }
    form.offer("purpose", choices["purpose"], purpose_label, _("All purposes"))
    form.offer("model", choices["model"], str, _("All models"))
    return context


def _which(standing: Standing, cleaned: Mapping[str, Any]) -> Which:
    period: Period = cleaned["days"]
    return Which(
        organisation=standing.organisation.pk,
        start=period.start,
        end=period.end,
        purpose=cleaned["purpose"],
        model=cleaned["model"],
        is_simulated=cleaned["figures"] == Figures.SIMULATED,
    )


def _is_sampled(figures: list[ModelFigures]) -> bool:
    """Say whether the percentiles are of the newest calls only."""
    is_in_sql = connection.vendor == "postgresql"
    return not is_in_sql and sum(each.calls for each in figures) > SAMPLE


def _card(number: int, figures: ModelFigures) -> Card:
    return Card(
        slug=f"model-{number}",
        title=figures.model,
        purpose=purpose_label(figures.purpose),
        facts=_facts(figures),
        lines=_lines(figures.first_token, figures.duration),
        calls_url=_calls_url(figures),
    )


def _facts(figures: ModelFigures) -> list[Fact]:
    went_well = figures.calls - figures.failed
    prompt = (
        figures.input_tokens + figures.cache_write_tokens + figures.cache_read_tokens
    )
    cacheable = figures.cache_write_tokens + figures.cache_read_tokens
    return [
        Fact(_("Calls"), format_count(figures.calls)),
        Fact(
            _("Went well"),
            format_share(went_well, figures.calls),
            "warning" if figures.failed else "",
        ),
        Fact(_("Made again"), format_count(figures.retries)),
        Fact(_("Stood in"), format_count(figures.fallbacks)),
        Fact(_("Input tokens"), format_count(prompt)),
        Fact(_("Output tokens"), format_count(figures.output_tokens)),
        Fact(
            _("Read from the cache"),
            format_share(figures.cache_read_tokens, cacheable) or "–",
        ),
        Fact(
            _("Sent / received"),
            f"{filesizeformat(figures.bytes_out)} / {filesizeformat(figures.bytes_in)}",
        ),
    ]


def _lines(first_token: Spread, duration: Spread) -> list[Line]:
    words = {
        "least": _("Shortest"),
        "mean": _("Mean"),
        "p50": _("Median"),
        "p95": _("95th percentile"),
        "p99": _("99th percentile"),
        "most": _("Longest"),
    }
    return [
        Line(
            label,
            _milliseconds(getattr(first_token, word)),
            _milliseconds(getattr(duration, word)),
        )
        for word, label in words.items()
    ]


def _milliseconds(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _calls_url(figures: ModelFigures) -> str:
    chosen = {"asked__exact": figures.model, "purpose__exact": figures.purpose}
    return f"{reverse('admin:assistant_modelcall_changelist')}?{urlencode(chosen)}"
