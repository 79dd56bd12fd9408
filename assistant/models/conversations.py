"""Conversations, turns and messages."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistant.enums import MessageRole, TurnState
from assistant.models.prompts import PromptVersion
from base.clock import now
from base.ids import new_uuid
from billing.models import Reservation, Usage
from interviews.models import Interview


class Conversation(models.Model):
    """One chat of one interview: one live turn at a time, and one waiting behind it."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="conversations"
    )
    created_at = models.DateTimeField(_("created"), default=now)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering = ["interview", "created_at"]

    def __str__(self) -> str:
        return str(self.id)


class Turn(models.Model):
    """One question and its answer; the owner process streams it (`assistant.turns`).

    `progress` holds model, request id and usage as far as the provider told them, so
    that a killed process leaves its tokens behind.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="turns"
    )
    client_id = models.CharField(max_length=64)
    state = models.CharField(
        _("state"), max_length=12, choices=TurnState, default=TurnState.QUEUED
    )
    owner = models.CharField(max_length=64, blank=True, editable=False)
    heartbeat_at = models.DateTimeField(null=True, editable=False)
    epoch = models.PositiveIntegerField(default=0, editable=False)
    prompt_version = models.ForeignKey(
        PromptVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    progress = models.JSONField(default=dict, editable=False)
    reservation = models.ForeignKey(
        Reservation, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # The parked turn that this one goes on with, once the candidate has decided.
    follows = models.OneToOneField(
        "self", null=True, on_delete=models.SET_NULL, related_name="follow_up"
    )
    error_code = models.CharField(_("error"), max_length=40, blank=True)
    error_message = models.CharField(_("message"), max_length=300, blank=True)
    # The turn whose question the candidate edited; both stay on record.
    replaces = models.OneToOneField(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="replacement",
        editable=False,
    )
    created_at = models.DateTimeField(_("asked"), default=now)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        ordering = ["conversation", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "client_id"], name="turn_client_id_unique"
            ),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(state__in=[TurnState.QUEUED, TurnState.RUNNING]),
                name="turn_one_live",
            ),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(state=TurnState.WAITING),
                name="turn_one_waiting",
            ),
        ]
        indexes = [models.Index(fields=["state", "heartbeat_at"])]

    def __str__(self) -> str:
        return str(self.id)


class Message(models.Model):
    """What was said, with what it took to say it."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="messages")
    role = models.CharField(_("role"), max_length=9, choices=MessageRole)
    text = models.TextField(_("text"), blank=True)
    context = models.JSONField(_("files and results sent along"), default=dict)
    model = models.CharField(_("model"), max_length=100, blank=True)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    stop_reason = models.CharField(_("stop reason"), max_length=32, blank=True)
    request_id = models.CharField(_("request id"), max_length=100, blank=True)
    first_token_ms = models.PositiveIntegerField(_("first token, ms"), null=True)
    usage = models.ForeignKey(
        Usage, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=now)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["turn", "role"], name="message_role_unique")
        ]

    def __str__(self) -> str:
        return f"{self.role} · {self.created_at:%H:%M:%S}"
