"""The usage ledger: one row per call to a provider, or per metered quantity."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from base.clock import now
from base.immutable import ImmutableModel
from billing.enums import Meter, Outcome
from billing.fields import UsdField
from billing.models.prices import MeterPrice, ModelPrice


class Usage(ImmutableModel):
    """What was used, as received and as counted, and what it cost. Never changed.

    `payer`, `reference`, `group` and `labels` are the caller's opaque words. `cost_usd`
    is null where no price is known, which reports show as unknown, never as zero;
    `bound_usd` is what then counts against budgets in its place. A correction is a
    row of its own: it `corrects` another one and its figures are differences.
    """

    payer = models.CharField(_("payer"), max_length=64)
    reference = models.CharField(_("reference"), max_length=64, blank=True)
    group = models.CharField(_("group"), max_length=64, blank=True)
    labels = models.JSONField(_("labels"), default=dict)
    meter = models.CharField(
        _("meter"), max_length=32, choices=Meter, default=Meter.TOKENS
    )
    quantity = models.BigIntegerField(_("quantity"), default=0)
    provider = models.CharField(_("provider"), max_length=32)
    model = models.CharField(_("model"), max_length=100, blank=True)
    purpose = models.CharField(_("purpose"), max_length=32)
    key_label = models.CharField(_("key"), max_length=64, blank=True)
    request_id = models.CharField(_("request id"), max_length=100, blank=True)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome)
    error_code = models.CharField(_("error"), max_length=64, blank=True)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    is_batch = models.BooleanField(_("batch"), default=False)
    is_estimated = models.BooleanField(_("partly estimated"), default=False)
    raw = models.JSONField(_("usage as received"), default=dict)
    input_tokens = models.BigIntegerField(_("uncached input tokens"), default=0)
    cache_write_5m_tokens = models.BigIntegerField(
        _("tokens written to the 5-minute cache"), default=0
    )
    cache_write_1h_tokens = models.BigIntegerField(
        _("tokens written to the 1-hour cache"), default=0
    )
    cache_read_tokens = models.BigIntegerField(
        _("tokens read from the cache"), default=0
    )
    output_tokens = models.BigIntegerField(_("output tokens"), default=0)
    thinking_tokens = models.BigIntegerField(_("of which thinking"), default=0)
    audio_input_tokens = models.BigIntegerField(_("audio input tokens"), default=0)
    audio_cached_tokens = models.BigIntegerField(_("cached audio tokens"), default=0)
    audio_output_tokens = models.BigIntegerField(_("audio output tokens"), default=0)
    cost_usd = UsdField(_("cost in US dollars"), null=True)
    bound_usd = UsdField(_("counted against budgets"), default=0)
    saved_usd = UsdField(_("saved by the cache"), default=0)
    price = models.ForeignKey(ModelPrice, null=True, on_delete=models.PROTECT)
    meter_price = models.ForeignKey(MeterPrice, null=True, on_delete=models.PROTECT)
    corrects = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="corrections"
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    idempotency_key = models.CharField(  # noqa: DJ001 -- NULL keeps the unique constraint to rows that carry one
        max_length=100, null=True, unique=True, editable=False
    )
    day = models.DateField(_("day, UTC"))
    at = models.DateTimeField(_("time"), default=now)

    class Meta:
        verbose_name = _("usage")
        verbose_name_plural = _("usage")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["payer", "-at"], name="usage_payer_at"),
            models.Index(fields=["reference"], name="usage_reference"),
            # What each reference cost is read from this index alone; everything else
            # that does not ask for references is in UsageDay.
            models.Index(
                fields=["day", "payer", "is_simulated", "reference", "cost_usd"],
                name="usage_reference_cost",
            ),
            models.Index(
                fields=["day", "payer"],
                condition=models.Q(cost_usd__isnull=True),
                name="usage_unknown",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} · {self.model or self.meter} · {self.reference}"
