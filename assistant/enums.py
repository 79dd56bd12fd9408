"""Choices of the assistant app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TurnState(models.TextChoices):
    """Where a turn stands."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Failed")
    INTERRUPTED = "interrupted", _("Interrupted")


class MessageRole(models.TextChoices):
    """Who speaks."""

    USER = "user", _("Candidate")
    ASSISTANT = "assistant", _("Assistant")


class PromptPurpose(models.TextChoices):
    """What a prompt is for."""

    CHAT = "chat", _("Chat with the candidate")
    SCORE = "score", _("Scoring")
