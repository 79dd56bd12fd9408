"""Choices of the accounts app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member may do; the rules are in `accounts.permissions`."""

    OWNER = "owner", _("Owner")
    RECRUITER = "recruiter", _("Recruiter")
    REVIEWER = "reviewer", _("Reviewer")
    INTERVIEWER = "interviewer", _("Interviewer")
    FINANCE = "finance", _("Finance")


class OutboxState(models.TextChoices):
    """Where a message on its way out stands."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
