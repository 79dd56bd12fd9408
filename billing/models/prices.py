"""Prices, each in force from a date until the next one for the same thing."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from billing.enums import Certainty, Meter
from billing.fields import UsdField


def _price(label: StrOrPromise) -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(label, max_digits=12, decimal_places=6)


def _audio_price(
    label: StrOrPromise,
) -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(
        label, max_digits=12, decimal_places=6, null=True, blank=True
    )


class ModelPrice(models.Model):
    """US dollars per million tokens of one model, in force from a date.

    A price that usage was billed by is never changed: a new one is a new row.
    """

    provider = models.CharField(_("provider"), max_length=32, default="anthropic")
    model = models.CharField(_("model"), max_length=100)
    valid_from = models.DateTimeField(_("valid from"))
    over_prompt_tokens = models.PositiveIntegerField(
        _("for prompts over this many tokens"), default=0
    )
    input = _price(_("input"))
    output = _price(_("output"))
    cache_write_5m = _price(_("cache write, 5 minutes"))
    cache_write_1h = _price(_("cache write, 1 hour"))
    cache_read = _price(_("cache read"))
    batch_factor = models.DecimalField(
        _("factor in a batch"), max_digits=5, decimal_places=4, default=Decimal("0.5")
    )
    audio_input = _audio_price(_("audio input"))
    audio_cached = _audio_price(_("cached audio input"))
    audio_output = _audio_price(_("audio output"))
    source = models.CharField(_("source"), max_length=200, blank=True)
    certainty = models.CharField(
        _("certainty"), max_length=8, choices=Certainty, default=Certainty.LOW
    )
    checked_on = models.DateField(_("last checked"), null=True, blank=True)

    class Meta:
        verbose_name = _("model price")
        verbose_name_plural = _("model prices")
        ordering = ["provider", "model", "-valid_from", "over_prompt_tokens"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "model", "valid_from", "over_prompt_tokens"],
                name="model_price_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} · {self.valid_from:%Y-%m-%d}"


class MeterPrice(models.Model):
    """US dollars for so many units of what is no token, in force from a date."""

    meter = models.CharField(_("meter"), max_length=32, choices=Meter)
    valid_from = models.DateTimeField(_("valid from"))
    usd = UsdField(_("US dollars"))
    per = models.PositiveBigIntegerField(_("for so many units"))
    source = models.CharField(_("source"), max_length=200, blank=True)
    certainty = models.CharField(
        _("certainty"), max_length=8, choices=Certainty, default=Certainty.LOW
    )
    checked_on = models.DateField(_("last checked"), null=True, blank=True)

    class Meta:
        verbose_name = _("meter price")
        verbose_name_plural = _("meter prices")
        ordering = ["meter", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["meter", "valid_from"], name="meter_price_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(per__gt=0), name="meter_price_per_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_meter_display()} · {self.valid_from:%Y-%m-%d}"
