"""Prices by date, and what each call to a provider used and cost."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from base.clock import now


def _price(label: StrOrPromise) -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(label, max_digits=12, decimal_places=6)


class ModelPrice(models.Model):
    """US dollars per million tokens of one model, in force from a date."""

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
    source = models.CharField(_("source"), max_length=200, blank=True)

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


class Usage(models.Model):
    """One call to a provider: raw usage as received, tokens and cost. Never changed.

    `payer` and `reference` are the caller's opaque words; `cost` is null where no
    price is known, which reports show as unknown, never as zero.
    """

    payer = models.CharField(_("payer"), max_length=64)
    reference = models.CharField(_("reference"), max_length=64)
    labels = models.JSONField(_("labels"), default=dict)
    provider = models.CharField(_("provider"), max_length=32)
    model = models.CharField(_("model"), max_length=100)
    purpose = models.CharField(_("purpose"), max_length=32)
    request_id = models.CharField(_("request id"), max_length=100, blank=True)
    outcome = models.CharField(_("outcome"), max_length=16)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    raw = models.JSONField(_("usage as received"), default=dict)
    input_tokens = models.PositiveIntegerField(_("uncached input tokens"), default=0)
    cache_write_5m_tokens = models.PositiveIntegerField(default=0)
    cache_write_1h_tokens = models.PositiveIntegerField(default=0)
    cache_read_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(_("output tokens"), default=0)
    thinking_tokens = models.PositiveIntegerField(_("of which thinking"), default=0)
    cost_usd = models.DecimalField(
        _("cost in US dollars"), max_digits=18, decimal_places=10, null=True
    )
    price = models.ForeignKey(ModelPrice, null=True, on_delete=models.PROTECT)
    at = models.DateTimeField(_("time"), default=now)

    class Meta:
        verbose_name = _("usage")
        verbose_name_plural = _("usage")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["payer", "-at"]),
            models.Index(fields=["reference"]),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} · {self.model} · {self.reference}"
