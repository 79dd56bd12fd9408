"""Who is interviewed and when: candidate, invitation, interview, its time."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from base.clock import now
from base.ids import new_uuid
from interviews.enums import FaultCause, InterviewState, TimeEntryKind
from interviews.models.catalogue import AssessmentVersion
from interviews.zones import check_zone


class Candidate(models.Model):
    """A person who is invited."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="candidates"
    )
    name = models.CharField(_("name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail address"))
    is_preview = models.BooleanField(_("a colleague's preview"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("candidate")
        verbose_name_plural = _("candidates")
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email", "is_preview"],
                name="candidate_email_unique",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email


class Invitation(models.Model):
    """A link for one candidate and one pinned assessment version.

    The link is an HMAC over the id and `generation` (`interviews.tokens`): it can
    be shown and mailed again, and raising the generation revokes it.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="invitations"
    )
    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="invitations"
    )
    assessment_version = models.ForeignKey(
        AssessmentVersion, on_delete=models.PROTECT, related_name="invitations"
    )
    generation = models.PositiveIntegerField(default=1)
    opens_at = models.DateTimeField(_("opens"), default=now)
    expires_at = models.DateTimeField(_("expires"))
    time_zone = models.CharField(
        _("candidate's time zone"), max_length=64, blank=True, validators=[check_zone]
    )
    time_factor = models.DecimalField(
        _("time factor"),
        max_digits=4,
        decimal_places=2,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal(1)), MaxValueValidator(Decimal(4))],
        help_text=_("Accommodations: 1.5 gives half as much time again."),
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    invited_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    last_sent_at = models.DateTimeField(_("last sent"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("opens_at")),
                name="invitation_window_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(time_factor__range=(Decimal(1), Decimal(4))),
                name="invitation_time_factor_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate} · {self.assessment_version}"


class Interview(models.Model):
    """One candidate's interview; made with the invitation, in state invited."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="interviews"
    )
    invitation = models.OneToOneField(
        Invitation, on_delete=models.CASCADE, related_name="interview"
    )
    assessment_version = models.ForeignKey(
        AssessmentVersion, on_delete=models.PROTECT, related_name="interviews"
    )
    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="interviews"
    )
    state = models.CharField(
        _("state"),
        max_length=12,
        choices=InterviewState,
        default=InterviewState.INVITED,
    )
    is_preview = models.BooleanField(_("preview"), default=False)
    is_sample = models.BooleanField(_("sample"), default=False)
    section = models.PositiveSmallIntegerField(_("open section"), default=0)
    device_checked_at = models.DateTimeField(
        _("devices checked"), null=True, blank=True
    )
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    ends_at = models.DateTimeField(_("time is up at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    last_seen_at = models.DateTimeField(_("candidate last seen"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("interview")
        verbose_name_plural = _("interviews")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["organisation", "-created_at"]),
            models.Index(fields=["state", "ends_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.candidate} · {self.assessment_version.title}"


class Fault(models.Model):
    """A fault that took time from a candidate, proven by what we saw ourselves.

    `key` makes a report repeatable. `credit` is the line of the ledger that gave the
    time back; without one the fault was over the cap, too short, or was proven after
    the end (`is_offered`: the recruiter may reopen the interview for it).
    """

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="faults"
    )
    cause = models.CharField(_("cause"), max_length=10, choices=FaultCause)
    key = models.CharField(max_length=120, editable=False)
    detail = models.CharField(_("what happened"), max_length=300, blank=True)
    began_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    seconds = models.PositiveIntegerField(_("seconds lost"), default=0)
    is_offered = models.BooleanField(_("offered as a reopening"), default=False)
    credit = models.ForeignKey(
        "TimeEntry", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("seen"), default=now)

    class Meta:
        verbose_name = _("fault")
        verbose_name_plural = _("faults")
        ordering = ["interview", "began_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "key"], name="fault_key_unique"
            )
        ]
        indexes = [
            models.Index(
                fields=["interview"],
                name="fault_open",
                condition=models.Q(ended_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} · {self.seconds} s"


class Interviewer(models.Model):
    """A member who was asked to watch one interview live."""

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="interviewers"
    )
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="interviews_to_watch"
    )
    invited_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("asked"), auto_now_add=True)

    class Meta:
        verbose_name = _("interviewer")
        verbose_name_plural = _("interviewers")
        ordering = ["interview", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "user"], name="interviewer_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.user)


class TimeEntry(models.Model):
    """One line of the ledger of time; `ends_at` is the start plus their sum.

    `cause` says for which fault a credit was given.
    """

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="time_entries"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=TimeEntryKind)
    seconds = models.IntegerField(_("seconds"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    cause = models.CharField(_("cause"), max_length=10, choices=FaultCause, blank=True)
    actor = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField(_("time"), default=now)

    class Meta:
        verbose_name = _("time entry")
        verbose_name_plural = _("time entries")
        ordering = ["interview", "at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.seconds:+d} s"


class Consent(models.Model):
    """What the candidate agreed to, in which wording, and when."""

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="consents"
    )
    version = models.CharField(_("version of the text"), max_length=20)
    text = models.TextField(_("text agreed to"))
    language = models.CharField(_("language"), max_length=10)
    given_at = models.DateTimeField(_("given"), default=now)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["interview", "given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "version"], name="consent_version_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.interview_id} · {self.version}"


class ProblemReport(models.Model):
    """“Something is wrong”: a candidate's message with diagnostics."""

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="problem_reports"
    )
    page = models.CharField(_("page"), max_length=40)
    message = models.TextField(_("message"), max_length=4000)
    diagnostics = models.JSONField(_("diagnostics"), default=dict)
    is_resolved = models.BooleanField(_("dealt with"), default=False)
    created_at = models.DateTimeField(_("received"), auto_now_add=True)

    class Meta:
        verbose_name = _("problem report")
        verbose_name_plural = _("problem reports")
        ordering = ["is_resolved", "-created_at"]

    def __str__(self) -> str:
        return f"{self.interview_id} · {self.page}"
