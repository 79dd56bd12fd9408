"""Who was connected, and to which of our processes: what proves a restart."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from base.clock import now
from interviews.models.interview import Interview


class WebProcess(models.Model):
    """One web process; it writes `heartbeat_at` while a candidate is connected to it.

    Stopped in order it says so in `stopped_at`. Killed, it only falls silent.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    started_at = models.DateTimeField(_("started"))
    heartbeat_at = models.DateTimeField(_("last heartbeat"), db_index=True)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)

    class Meta:
        verbose_name = _("web process")
        verbose_name_plural = _("web processes")
        ordering = ["started_at"]

    def __str__(self) -> str:
        return str(self.id)


class Attendance(models.Model):
    """One socket of a candidate in a running interview, and the process that holds it.

    A process closes it when the candidate goes. What a process leaves open when it
    goes itself is a candidate whom we lost.
    """

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="attendances"
    )
    process = models.ForeignKey(
        WebProcess, on_delete=models.CASCADE, related_name="attendances"
    )
    token = models.CharField(max_length=64, unique=True, editable=False)
    opened_at = models.DateTimeField(_("came"), default=now)
    closed_at = models.DateTimeField(_("went"), null=True, blank=True)

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        ordering = ["interview", "opened_at"]
        indexes = [
            models.Index(fields=["interview", "opened_at"]),
            models.Index(
                fields=["process"],
                name="attendance_open",
                condition=models.Q(closed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.interview_id} · {self.opened_at:%H:%M:%S}"
