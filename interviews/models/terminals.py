"""Terminals: which shells there are, and how far they are on record."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from base.clock import now
from interviews.models.interview import Interview


class TerminalRecording(models.Model):
    """The record of an interview's terminals: which process writes it, and how much.

    One process at a time has the lease. `recorded_bytes` counts against the limit of
    the interview; once it `is_full`, no output is kept any more.
    """

    interview = models.OneToOneField(
        Interview, on_delete=models.CASCADE, related_name="terminal_recording"
    )
    owner = models.CharField(max_length=64, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    recorded_bytes = models.PositiveBigIntegerField(_("bytes"), default=0)
    is_full = models.BooleanField(_("limit reached"), default=False)

    class Meta:
        verbose_name = _("terminal recording")
        verbose_name_plural = _("terminal recordings")

    def __str__(self) -> str:
        return str(self.interview_id)


class Terminal(models.Model):
    """One of an interview's terminals.

    A shell is named by the runner's process and its own start. `shell` is the newest
    one known, `recorded_shell` the one whose blocks before `next_block` are on the
    timeline and whose size was last written there, `ended_shell` the last one that is known to have ended.
    """

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="terminals"
    )
    name = models.CharField(_("name"), max_length=8)
    shell = models.CharField(max_length=120, blank=True, editable=False)
    recorded_shell = models.CharField(max_length=120, blank=True, editable=False)
    ended_shell = models.CharField(max_length=120, blank=True, editable=False)
    next_block = models.PositiveIntegerField(default=0, editable=False)
    rows = models.PositiveSmallIntegerField(_("rows"), default=0)
    cols = models.PositiveSmallIntegerField(_("columns"), default=0)
    used_ms = models.PositiveIntegerField(_("milliseconds used"), default=0)
    used_until_ms = models.PositiveBigIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=now)

    class Meta:
        verbose_name = _("terminal")
        verbose_name_plural = _("terminals")
        ordering = ["interview", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "name"], name="terminal_name_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name
