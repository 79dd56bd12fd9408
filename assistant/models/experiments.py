"""Two or more wordings of a prompt beside each other, one for each interview."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from assistant.enums import ExperimentState
from assistant.models.prompts import Prompt, PromptVersion
from base.clock import now
from interviews.models import Interview

MAX_WEIGHT = 1000


class PromptExperiment(models.Model):
    """A comparison of wordings; at most one of a prompt runs at a time."""

    prompt = models.ForeignKey(
        Prompt, on_delete=models.PROTECT, related_name="experiments"
    )
    name = models.CharField(_("name"), max_length=80, unique=True)
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=ExperimentState,
        default=ExperimentState.DRAFT,
        editable=False,
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, editable=False)

    class Meta:
        verbose_name = _("prompt experiment")
        verbose_name_plural = _("prompt experiments")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["prompt"],
                condition=models.Q(state=ExperimentState.RUNNING),
                name="experiment_one_running",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=ExperimentState.DRAFT,
                    started_at__isnull=True,
                    stopped_at__isnull=True,
                )
                | models.Q(
                    state=ExperimentState.RUNNING,
                    started_at__isnull=False,
                    stopped_at__isnull=True,
                )
                | models.Q(
                    state=ExperimentState.STOPPED,
                    started_at__isnull=False,
                    stopped_at__isnull=False,
                ),
                name="experiment_times_match_state",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PromptVariant(models.Model):
    """A wording in an experiment; its share of new interviews goes by weight."""

    experiment = models.ForeignKey(
        PromptExperiment, on_delete=models.CASCADE, related_name="variants"
    )
    version = models.ForeignKey(
        PromptVersion, on_delete=models.PROTECT, related_name="+"
    )
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[MaxValueValidator(MAX_WEIGHT)]
    )

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["experiment", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "version"], name="variant_version_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(weight__lte=MAX_WEIGHT), name="variant_weight_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.experiment} · v{self.version.number}"


class PromptAssignment(models.Model):
    """Which wording an interview got; stored at its first use and never moved."""

    experiment = models.ForeignKey(
        PromptExperiment, on_delete=models.CASCADE, related_name="assignments"
    )
    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="prompt_assignments"
    )
    variant = models.ForeignKey(
        PromptVariant, on_delete=models.PROTECT, related_name="assignments"
    )
    at = models.DateTimeField(_("time"), default=now)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["experiment", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "interview"], name="assignment_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.interview_id} · {self.variant_id}"
