"""The audit of calls to models: one row per request that went out."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from assistant.models.context import ContextRequest
from assistant.models.conversations import Turn
from base.clock import now
from base.immutable import ImmutableModel
from billing.models import Usage
from interviews.models import Interview


class ModelCall(ImmutableModel):
    """One request to a provider, answered or not, as seen from here. Never changed.

    Who was asked for what, how often, how long it took and how it ended; nobody's
    words. It is forgotten with what was sent (`assistant.services.retention`). Tokens and dollars are in `usage`, what was sent in `sent`. `purpose` is
    the ledger's word; `step` counts a turn's requests from 0, each after the results
    of tools: all tries of one have its number. Times are milliseconds
    from the request; `status` is the response's, null where none came.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="+"
    )
    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="model_calls"
    )
    turn = models.ForeignKey(
        Turn, null=True, on_delete=models.CASCADE, related_name="model_calls"
    )
    step = models.PositiveSmallIntegerField(_("step"), default=0)
    sent = models.ForeignKey(
        ContextRequest, null=True, on_delete=models.CASCADE, related_name="+"
    )
    usage = models.ForeignKey(
        Usage, null=True, on_delete=models.PROTECT, related_name="+"
    )
    purpose = models.CharField(_("purpose"), max_length=32)
    provider = models.CharField(_("provider"), max_length=32)
    asked = models.CharField(_("model asked"), max_length=100)
    answered = models.CharField(_("model that answered"), max_length=100, blank=True)
    fallback_from = models.CharField(_("instead of"), max_length=100, blank=True)
    key_label = models.CharField(_("key"), max_length=64, blank=True)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    tries = models.PositiveSmallIntegerField(_("try"), default=1)
    request_id = models.CharField(_("request id"), max_length=100, blank=True)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    error_code = models.CharField(_("error"), max_length=64, blank=True)
    stop_reason = models.CharField(_("stop reason"), max_length=32, blank=True)
    first_byte_ms = models.PositiveIntegerField(_("first byte, ms"), null=True)
    first_token_ms = models.PositiveIntegerField(_("first token, ms"), null=True)
    duration_ms = models.PositiveIntegerField(_("duration, ms"), null=True)
    bytes_out = models.PositiveBigIntegerField(_("bytes sent"), default=0)
    bytes_in = models.PositiveBigIntegerField(_("bytes received"), default=0)
    at = models.DateTimeField(_("time"), default=now)

    class Meta:
        verbose_name = _("model call")
        verbose_name_plural = _("model calls")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["organisation", "-at"], name="model_call_owner_at"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} · {self.asked} · {self.at:%Y-%m-%d %H:%M:%S}"
