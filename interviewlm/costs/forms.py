"""What a member chooses on the page: which days, and which calls."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
)
from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from base.clock import now
from interviewlm.costs.words import format_day

EARLIEST, LATEST = date(2020, 1, 1), date(2099, 12, 31)
MOST_DAYS = 5 * 366
LONGEST_WORD = 100
_DAY = timedelta(days=1)


class Span(models.TextChoices):
    """The periods that are offered."""

    THIS_MONTH = "month", gettext_lazy("This month")
    LAST_MONTH = "last", gettext_lazy("Last month")
    FOUR_WEEKS = "28", gettext_lazy("Last 28 days")
    THIS_YEAR = "year", gettext_lazy("This year")
    CUSTOM = "days", gettext_lazy("From … to …")


class Figures(models.TextChoices):
    """Which of the two sums that never mix."""

    REAL = "real", gettext_lazy("Real")
    SIMULATED = "simulated", gettext_lazy("Simulated")


@dataclass(frozen=True)
class Period:
    """Days in UTC, from `start` until before `end`."""

    start: date
    end: date

    @property
    def last(self) -> date:
        """The last day that counts."""
        return self.end - _DAY

    @property
    def days(self) -> int:
        """How many days."""
        return (self.end - self.start).days

    @property
    def label(self) -> str:
        """The period in words; a whole month by its name."""
        if self.start.day == 1 and self.end == next_month(self.start):
            return date_format(self.start, "F Y")
        if self.days == 1:
            return format_day(self.start)
        return f"{format_day(self.start)} – {format_day(self.last)}"


def today() -> date:
    """Return the day it is, in UTC as the ledger's days are."""
    return now().date()


def next_month(day: date) -> date:
    """Return the first day of the month after a day's."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def find_period(span: str) -> Period:
    """Return the days of an offered period, as of today."""
    day = today()
    month = day.replace(day=1)
    if span == Span.LAST_MONTH:
        return Period((month - _DAY).replace(day=1), month)
    if span == Span.FOUR_WEEKS:
        return Period(day - 27 * _DAY, day + _DAY)
    if span == Span.THIS_YEAR:
        return Period(day.replace(month=1, day=1), day.replace(month=12, day=31) + _DAY)
    return Period(month, next_month(month))


def _day_field(label: Any) -> forms.DateField:
    sentence = gettext_lazy("Choose a day between 2020 and 2099.")
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        validators=[
            MinValueValidator(EARLIEST, sentence),
            MaxValueValidator(LATEST, sentence),
        ],
        error_messages={
            "invalid": gettext_lazy(
                "This is not a day. Write it like 2026-11-30: year, month, day."
            )
        },
    )


def _word_field(label: Any) -> forms.CharField:
    # A length of the field's own would become an attribute that no select has.
    return forms.CharField(
        label=label,
        required=False,
        widget=forms.Select,
        validators=[MaxLengthValidator(LONGEST_WORD)],
    )


class CostsForm(forms.Form):
    """The choice, from an address; what was left out has its usual value."""

    use_required_attribute = False

    period = forms.ChoiceField(label=gettext_lazy("Period"), choices=Span)
    start = _day_field(gettext_lazy("From"))
    end = _day_field(gettext_lazy("To"))
    purpose = _word_field(gettext_lazy("Purpose"))
    model = _word_field(gettext_lazy("Model"))
    assessment = _word_field(gettext_lazy("Assessment"))
    figures = forms.ChoiceField(label=gettext_lazy("Figures"), choices=Figures)

    def __init__(self, asked: Mapping[str, str], figures: Figures) -> None:
        """Read what was `asked`; `figures` are shown where nothing is said of them."""
        has_days = bool(asked.get("start") or asked.get("end"))
        usual = {
            "period": Span.CUSTOM if has_days else Span.THIS_MONTH,
            "figures": figures,
        }
        given = {name: value for name, value in asked.items() if value}
        super().__init__({**usual, **given}, auto_id="costs-%s", label_suffix="")

    def clean(self) -> dict[str, Any]:
        """Work out the period's days."""
        cleaned = super().clean() or self.cleaned_data
        span = cleaned.get("period")
        if span == Span.CUSTOM:
            self._require_days(cleaned)
        if span and not self.errors:
            cleaned["days"] = (
                Period(cleaned["start"], cleaned["end"] + _DAY)
                if span == Span.CUSTOM
                else find_period(span)
            )
        return cleaned

    def _require_days(self, cleaned: Mapping[str, Any]) -> None:
        start, end = cleaned.get("start"), cleaned.get("end")
        for name, day in (("start", start), ("end", end)):
            if day is None and name not in self.errors:
                self.add_error(name, _("Choose a day."))
        if start is None or end is None:
            return
        if end < start:
            self.add_error("end", _("The last day is before the first."))
        elif (end - start).days >= MOST_DAYS:
            self.add_error("end", _("Choose at most five years at once."))

    def offer(
        self, name: str, words: Iterable[str], label: Callable[[str], str], every: str
    ) -> None:
        """Give a field what there is to choose; what was asked stays among it."""
        found = dict.fromkeys([*words, str(self.data.get(name, ""))])
        select: Any = self.fields[name].widget
        select.choices = [
            ("", every),
            *[(word, label(word)) for word in found if word],
        ]
