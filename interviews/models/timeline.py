"""The timeline: append-only events, gapless per interview, and the pipeline's steps."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from base.clock import now
from base.immutable import ImmutableModel
from interviews.enums import Origin, StepState
from interviews.models.interview import Interview


class Event(ImmutableModel):
    """Something that happened. `t_ms` counts from the interview's start.

    Before the start is known `t_ms` is null; readers compute the negative time
    from `at`. `client_id` makes a repeated write harmless. Events are appended by
    `timeline.log` and go only with their interview.
    """

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="events"
    )
    seq = models.PositiveIntegerField(_("number"))
    t_ms = models.BigIntegerField(_("milliseconds"), null=True)
    at = models.DateTimeField(_("time"), default=now)
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)
    kind = models.CharField(_("kind"), max_length=40)
    version = models.PositiveSmallIntegerField(_("payload version"), default=1)
    payload = models.JSONField(_("payload"), default=dict)
    client_id = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 -- NULL keeps the unique constraint to events that carry one

    class Meta(ImmutableModel.Meta):
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["interview", "seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "seq"], name="event_seq_unique"
            ),
            models.UniqueConstraint(
                fields=["interview", "client_id"], name="event_client_id_unique"
            ),
        ]
        indexes = [models.Index(fields=["interview", "kind", "seq"])]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class EventCursor(models.Model):
    """The last number given out, locked last in a short transaction."""

    interview = models.OneToOneField(
        Interview, primary_key=True, on_delete=models.CASCADE, related_name="cursor"
    )
    last_seq = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = _("event cursor")
        verbose_name_plural = _("event cursors")

    def __str__(self) -> str:
        return f"{self.interview_id} · {self.last_seq}"


class PipelineStep(models.Model):
    """One long job after an interview; the row decides, Celery only wakes it."""

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="pipeline_steps"
    )
    name = models.CharField(_("step"), max_length=32)
    position = models.PositiveSmallIntegerField(_("position"))
    state = models.CharField(
        _("state"), max_length=8, choices=StepState, default=StepState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"), default=now)
    lease_token = models.CharField(max_length=32, blank=True, editable=False)
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    message = models.CharField(_("what happened"), max_length=300, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("pipeline step")
        verbose_name_plural = _("pipeline steps")
        ordering = ["interview", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "name"], name="pipeline_step_unique"
            )
        ]
        indexes = [models.Index(fields=["state", "next_try_at"])]

    def __str__(self) -> str:
        return f"{self.name} · {self.state}"
