"""The ledger added up by day: what reports read in place of millions of rows."""

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from billing.enums import Meter, Outcome
from billing.fields import UsdField

if TYPE_CHECKING:
    _SumField = models.BigIntegerField[int, int]

# Ledger rows that agree in these are one row here; both have them by the same names.
DAY_KEY = (
    "payer",
    "day",
    "purpose",
    "provider",
    "model",
    "meter",
    "outcome",
    "key_label",
    "group",
    "is_simulated",
)
# What is added up, by the ledger's names.
SUMMED = (
    "quantity",
    "input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "output_tokens",
    "thinking_tokens",
    "audio_input_tokens",
    "audio_cached_tokens",
    "audio_output_tokens",
    "cost_usd",
    "saved_usd",
)


def _sum(label: StrOrPromise) -> "_SumField":
    return models.BigIntegerField(label, default=0)


class UsageDay(models.Model):
    """The sums of a day's ledger rows that differ in nothing a report tells apart.

    Written in the transaction of each ledger row, so that the sums are the ledger's,
    exactly. A correction counts with its differences, under its own outcome, on the day
    of what it corrects. An unknown cost adds nothing. Only references are not told
    apart: there is an interview for every few dozen rows of the ledger.
    """

    payer = models.CharField(_("payer"), max_length=64)
    day = models.DateField(_("day, UTC"))
    purpose = models.CharField(_("purpose"), max_length=32)
    provider = models.CharField(_("provider"), max_length=32)
    model = models.CharField(_("model"), max_length=100, blank=True)
    meter = models.CharField(
        _("meter"), max_length=32, choices=Meter, default=Meter.TOKENS
    )
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome)
    key_label = models.CharField(_("key"), max_length=64, blank=True)
    group = models.CharField(_("group"), max_length=64, blank=True)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    rows = _sum(_("rows"))
    calls = _sum(_("rows that correct nothing"))
    quantity = _sum(_("quantity"))
    input_tokens = _sum(_("uncached input tokens"))
    cache_write_5m_tokens = _sum(_("tokens written to the 5-minute cache"))
    cache_write_1h_tokens = _sum(_("tokens written to the 1-hour cache"))
    cache_read_tokens = _sum(_("tokens read from the cache"))
    output_tokens = _sum(_("output tokens"))
    thinking_tokens = _sum(_("of which thinking"))
    audio_input_tokens = _sum(_("audio input tokens"))
    audio_cached_tokens = _sum(_("cached audio tokens"))
    audio_output_tokens = _sum(_("audio output tokens"))
    cost_usd = UsdField(_("cost in US dollars"), default=0)
    saved_usd = UsdField(_("saved by the cache"), default=0)

    class Meta:
        verbose_name = _("day of usage")
        verbose_name_plural = _("days of usage")
        ordering = ["-day", "payer", "purpose", "model"]
        constraints = [models.UniqueConstraint(fields=DAY_KEY, name="usage_day_unique")]
        # No sum is in an index: adding to a row then leaves every index alone.
        indexes = [models.Index(fields=["day"], name="usage_day_of_all")]

    def __str__(self) -> str:
        return (
            f"{self.day} · {self.payer} · {self.purpose} · {self.model or self.meter}"
        )
