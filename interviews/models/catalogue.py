"""What is asked: problems, rubrics and assessments in immutable versions."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from interviews.enums import Difficulty, Dimension, Policy
from interviews.languages import language_choices


class Problem(models.Model):
    """A task candidates solve; its content lives in versions."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="problems"
    )
    slug = models.SlugField(_("folder name"), max_length=60)
    is_archived = models.BooleanField(_("archived"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("problem")
        verbose_name_plural = _("problems")
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "slug"], name="problem_slug_unique"
            )
        ]

    def __str__(self) -> str:
        return self.slug


class ProblemVersion(models.Model):
    """A problem as it was at one time. Never changed once written.

    `files` and `reference` map a path inside the section folder to its text.
    `tests` is `{"command": [...], "format": ...}`, the format the name of a test runner
    (`interviews.languages`); `hidden` holds
    `{"kind": "call" | "stdin", "module": ..., "cases": [...]}` and never leaves
    the server (`interviews.hidden`).
    """

    problem = models.ForeignKey(
        Problem, on_delete=models.CASCADE, related_name="versions"
    )
    number = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=120)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    statement = models.TextField(_("statement (Markdown)"))
    difficulty = models.CharField(_("difficulty"), max_length=8, choices=Difficulty)
    language = models.CharField(_("language"), max_length=12, choices=language_choices)
    minutes = models.PositiveIntegerField(_("suggested minutes"), default=30)
    entry = models.CharField(_("file opened first"), max_length=200)
    run_command = models.JSONField(_("command of Run file"), default=list, blank=True)
    files = models.JSONField(_("starter files"), default=dict)
    reference = models.JSONField(_("reference solution"), default=dict, blank=True)
    tests = models.JSONField(_("visible tests"), default=dict)
    hidden = models.JSONField(_("hidden tests"), default=dict, blank=True)
    hints = models.JSONField(_("hint ladder"), default=list, blank=True)
    author = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("problem version")
        verbose_name_plural = _("problem versions")
        ordering = ["problem", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["problem", "number"], name="problem_version_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} · v{self.number}"


class Rubric(models.Model):
    """What good looks like: one immutable version of a scoring guide."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="rubrics"
    )
    slug = models.SlugField(_("slug"), max_length=60)
    number = models.PositiveIntegerField(_("version"), default=1)
    title = models.CharField(_("title"), max_length=120)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("rubric")
        verbose_name_plural = _("rubrics")
        ordering = ["slug", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "slug", "number"], name="rubric_version_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} · v{self.number}"


class RubricItem(models.Model):
    """One line of a rubric."""

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField(_("position"))
    dimension = models.CharField(_("dimension"), max_length=20, choices=Dimension)
    title = models.CharField(_("title"), max_length=120)
    good = models.TextField(_("what good looks like"))
    poor = models.TextField(_("what poor looks like"))
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )

    class Meta:
        verbose_name = _("rubric item")
        verbose_name_plural = _("rubric items")
        ordering = ["rubric", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["rubric", "position"], name="rubric_item_position_unique"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Assessment(models.Model):
    """A kind of interview that can be sent to candidates."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="assessments"
    )
    slug = models.SlugField(_("slug"), max_length=60)
    is_archived = models.BooleanField(_("archived"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "slug"], name="assessment_slug_unique"
            )
        ]

    def __str__(self) -> str:
        return self.slug


class AssessmentVersion(models.Model):
    """An assessment as it was when invitations were sent. Never changed."""

    assessment = models.ForeignKey(
        Assessment, on_delete=models.CASCADE, related_name="versions"
    )
    number = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=120)
    description = models.TextField(_("description for the candidate"), blank=True)
    duration_minutes = models.PositiveIntegerField(
        _("minutes"), validators=[MinValueValidator(5), MaxValueValidator(480)]
    )
    policy = models.CharField(_("assistant policy"), max_length=8, choices=Policy)
    assistant_limits = models.JSONField(
        _("lower limits of the assistant"), default=dict, blank=True
    )
    has_hints = models.BooleanField(_("hint ladder offered"), default=True)
    applies_edits = models.BooleanField(
        _("the assistant's edits are applied at once"), default=False
    )
    is_search_allowed = models.BooleanField(_("outside search allowed"), default=False)
    allowed_notes = models.TextField(_("what else is allowed"), blank=True)
    is_interviewer_typing_allowed = models.BooleanField(
        _("interviewers may type"), default=False
    )
    is_recorded = models.BooleanField(_("camera and microphone recorded"), default=True)
    records_screen = models.BooleanField(_("screen recorded too"), default=False)
    notes_presence = models.BooleanField(
        _("leaving the page and the like noted"), default=False
    )
    shows_cost = models.BooleanField(
        _("the candidate sees what the assistant costs"), default=False
    )
    retention_days = models.PositiveIntegerField(_("days kept"), default=90)
    language = models.CharField(_("interview language"), max_length=10, default="en")
    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="+")
    problem_versions = models.ManyToManyField(
        ProblemVersion, through="AssessmentSection", related_name="+"
    )
    author = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("assessment version")
        verbose_name_plural = _("assessment versions")
        ordering = ["assessment", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "number"], name="assessment_version_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(applies_edits=False) | models.Q(policy=Policy.AGENT),
                name="assessment_version_applies_as_agent",
            ),
            models.CheckConstraint(
                condition=models.Q(records_screen=False) | models.Q(is_recorded=True),
                name="assessment_version_screen_beside_camera",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} · v{self.number}"


class AssessmentSection(models.Model):
    """One problem in its place within an assessment version."""

    assessment_version = models.ForeignKey(
        AssessmentVersion, on_delete=models.CASCADE, related_name="sections"
    )
    position = models.PositiveSmallIntegerField(_("position"))
    problem_version = models.ForeignKey(
        ProblemVersion, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        ordering = ["assessment_version", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment_version", "position"],
                name="section_position_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.position + 1}. {self.problem_version}"

    @property
    def folder(self) -> str:
        """The section's folder in the workspace."""
        return self.problem_version.problem.slug
