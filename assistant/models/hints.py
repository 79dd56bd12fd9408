"""Hints: the rungs of the ladder that a candidate took."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistant.enums import HintSource, HintState
from assistant.models.prompts import PromptVersion
from base.clock import now
from base.ids import new_uuid
from billing.models import Usage
from interviews.models import Interview


class HintUse(models.Model):
    """One hint of a section, taken once; `number` counts a section's from 1.

    One that the assistant writes is pending until its text is there. `client_id` is
    the page's, so that asking again takes no second one.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="hints"
    )
    section = models.PositiveSmallIntegerField(_("section"))
    number = models.PositiveSmallIntegerField(_("number"))
    source = models.CharField(_("source"), max_length=8, choices=HintSource)
    state = models.CharField(_("state"), max_length=8, choices=HintState)
    client_id = models.CharField(max_length=64)
    text = models.TextField(_("text"), blank=True)
    context = models.JSONField(_("files and results sent along"), default=dict)
    prompt_version = models.ForeignKey(
        PromptVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    model = models.CharField(_("model"), max_length=100, blank=True)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    usage = models.ForeignKey(
        Usage, null=True, on_delete=models.PROTECT, related_name="+"
    )
    error_code = models.CharField(_("error"), max_length=40, blank=True)
    error_message = models.CharField(_("message"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("asked"), default=now)
    taken_at = models.DateTimeField(_("taken"), null=True)

    class Meta:
        verbose_name = _("hint taken")
        verbose_name_plural = _("hints taken")
        ordering = ["interview", "section", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "client_id"], name="hint_client_id_unique"
            ),
            models.UniqueConstraint(
                fields=["interview", "section", "number"],
                condition=~models.Q(state=HintState.FAILED),
                name="hint_number_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.section + 1}.{self.number} · {self.source}"
