"""Calls to the judge."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistant.models.prompts import PromptVersion
from base.clock import now
from billing.models import Usage
from interviews.models import Interview, Scorecard


class ScoreRun(models.Model):
    """One call to the judge: what came back, and the scorecard made from it.

    `fallback_from` names the cohort's model where another one stood in for it.
    """

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="score_runs"
    )
    scorecard = models.OneToOneField(
        Scorecard, null=True, on_delete=models.SET_NULL, related_name="score_run"
    )
    prompt_version = models.ForeignKey(PromptVersion, on_delete=models.PROTECT)
    model = models.CharField(_("model"), max_length=100)
    fallback_from = models.CharField(_("instead of"), max_length=100, blank=True)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    answer = models.JSONField(_("answer"), default=dict)
    error = models.CharField(_("error"), max_length=300, blank=True)
    usage = models.ForeignKey(
        Usage, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=now)

    class Meta:
        verbose_name = _("score run")
        verbose_name_plural = _("score runs")
        ordering = ["interview", "-created_at"]

    def __str__(self) -> str:
        return f"{self.interview_id} · {self.created_at:%Y-%m-%d %H:%M}"
