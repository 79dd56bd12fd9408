"""Scores as claims with evidence, and what people decided."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from base.clock import now
from interviews.enums import Decision, Dimension
from interviews.models.interview import Interview
from interviews.models.timeline import Event


class Scorecard(models.Model):
    """One complete scoring of an interview; the newest one counts."""

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="scorecards"
    )
    number = models.PositiveIntegerField(_("number"))
    summary = models.TextField(_("summary"), blank=True)
    model = models.CharField(_("model"), max_length=100)
    prompt_version = models.CharField(_("prompt version"), max_length=80)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    created_at = models.DateTimeField(_("created"), default=now)

    class Meta:
        verbose_name = _("scorecard")
        verbose_name_plural = _("scorecards")
        ordering = ["interview", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "number"], name="scorecard_number_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.interview_id} · {self.number}"


class ItemVerdict(models.Model):
    """One dimension: 0 to 100, or null for “not established”."""

    scorecard = models.ForeignKey(
        Scorecard, on_delete=models.CASCADE, related_name="verdicts"
    )
    dimension = models.CharField(_("dimension"), max_length=20, choices=Dimension)
    score = models.PositiveSmallIntegerField(
        _("score"), null=True, validators=[MaxValueValidator(100)]
    )
    certainty = models.PositiveSmallIntegerField(
        _("certainty in percent"),
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    reason = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("verdict")
        verbose_name_plural = _("verdicts")
        ordering = ["scorecard", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["scorecard", "dimension"], name="verdict_dimension_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(score__isnull=True) | models.Q(score__lte=100),
                name="verdict_score_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dimension}: {'—' if self.score is None else self.score}"


class Evidence(models.Model):
    """The moment that proves a verdict; the quote stands verbatim in the event."""

    verdict = models.ForeignKey(
        ItemVerdict, on_delete=models.CASCADE, related_name="evidence"
    )
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    quote = models.TextField(_("quote"), blank=True)

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["verdict", "pk"]

    def __str__(self) -> str:
        return f"{self.verdict_id} · {self.event_id}"


class Review(models.Model):
    """A person's decision with its reason; the newest one counts, all stay."""

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="reviews"
    )
    reviewer = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    decision = models.CharField(_("decision"), max_length=8, choices=Decision)
    reason = models.TextField(_("reason"))
    created_at = models.DateTimeField(_("decided"), default=now)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["interview", "-created_at"]

    def __str__(self) -> str:
        return f"{self.decision} · {self.interview_id}"
