"""What is known of models, which one serves which purpose, and who is bound to it."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError as FactsError

from assistant.catalogue import ModelFacts
from assistant.enums import ModelPurpose
from base.clock import now
from base.immutable import ImmutableModel
from interviews.models import AssessmentVersion


class ModelVersion(ImmutableModel):
    """One immutable version of what is known of a model; the newest counts.

    `name` is the provider's, or `gateway:name`. `digest` is empty for what an
    operator wrote: only what we shipped is told apart by it.
    """

    name = models.CharField(_("model"), max_length=100)
    number = models.PositiveIntegerField(_("version"))
    facts = models.JSONField(_("facts"), default=dict)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    note = models.CharField(_("what changed"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), default=now)

    class Meta(ImmutableModel.Meta):
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering = ["name", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "number"], name="model_version_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} · v{self.number}"

    def clean(self) -> None:
        """Refuse facts that could not be read later."""
        try:
            self.read_facts()
        except FactsError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise ValidationError({"facts": f"{where}: {first['msg']}"}) from error

    def read_facts(self) -> ModelFacts:
        """Return the facts, checked."""
        return ModelFacts.model_validate({**self.facts, "name": self.name})


class ModelAssignment(ImmutableModel):
    """From this moment on a purpose is served by a model, in new cohorts.

    Without one the settings decide. “auto” chooses for each turn.
    """

    purpose = models.CharField(_("purpose"), max_length=16, choices=ModelPurpose)
    model = models.CharField(_("model"), max_length=100)
    note = models.CharField(_("why"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("from"), default=now)

    class Meta(ImmutableModel.Meta):
        verbose_name = _("model of a purpose")
        verbose_name_plural = _("models of purposes")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.purpose} · {self.model}"


class ModelChoice(models.Model):
    """The model of one cohort of an assessment version: fixed at its first use.

    An interview belongs to the newest cohort that was there when it was made, or to
    the first. Written once; it goes only with its assessment.
    """

    assessment_version = models.ForeignKey(
        AssessmentVersion, on_delete=models.CASCADE, related_name="model_choices"
    )
    purpose = models.CharField(_("purpose"), max_length=16, choices=ModelPurpose)
    cohort = models.PositiveIntegerField(_("cohort"))
    model = models.CharField(_("model"), max_length=100)
    created_at = models.DateTimeField(_("from"), default=now)

    class Meta:
        verbose_name = _("model of a cohort")
        verbose_name_plural = _("models of cohorts")
        ordering = ["assessment_version", "purpose", "cohort"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment_version", "purpose", "cohort"],
                name="model_choice_cohort_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} · {self.cohort} · {self.model}"
