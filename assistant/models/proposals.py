"""What needs the candidate's decision: proposed edits and questions."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistant.enums import HunkAction, HunkState
from assistant.models.conversations import Turn
from base.clock import now
from base.ids import new_uuid


class EditProposal(models.Model):
    """An edit the assistant proposed: one call of the tool, one or more files.

    `is_parking` says that the turn ended to wait for the candidate.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="proposals")
    call_id = models.CharField(max_length=128)
    summary = models.CharField(_("summary"), max_length=500, blank=True)
    is_parking = models.BooleanField(default=False)
    created_at = models.DateTimeField(_("proposed"), default=now)

    class Meta:
        verbose_name = _("proposed edit")
        verbose_name_plural = _("proposed edits")
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["turn", "call_id"], name="proposal_call_unique"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class ProposalHunk(models.Model):
    """One place of a proposed edit, decided by itself.

    `old` stood from `start` to `end` (UTF-16 code units) in the text `base_hash` of
    `document` at `base_version`; `text` is what the candidate made of `new` first.
    `seq` is the event that put the assistant's text in, `units` how much it put in: at
    `put_start` of what is `put_version` of the document after it. For a new file
    `document` is known once it is made.
    """

    proposal = models.ForeignKey(
        EditProposal, on_delete=models.CASCADE, related_name="hunks"
    )
    number = models.PositiveSmallIntegerField()
    path = models.CharField(_("file"), max_length=255)
    action = models.CharField(_("action"), max_length=6, choices=HunkAction)
    document = models.BigIntegerField(null=True)
    base_version = models.PositiveIntegerField(default=0)
    base_hash = models.CharField(max_length=64, blank=True)
    start = models.PositiveIntegerField(default=0)
    end = models.PositiveIntegerField(default=0)
    line = models.PositiveIntegerField(default=1)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    text = models.TextField(null=True)  # noqa: DJ001 -- empty text is a decision, too
    state = models.CharField(
        _("state"), max_length=10, choices=HunkState, default=HunkState.UNDECIDED
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    seq = models.PositiveIntegerField(null=True)
    units = models.PositiveIntegerField(default=0)
    put_start = models.PositiveIntegerField(default=0)
    put_version = models.PositiveIntegerField(default=0)
    told_in = models.ForeignKey(
        Turn, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("part of a proposed edit")
        verbose_name_plural = _("parts of proposed edits")
        ordering = ["proposal", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "number"], name="hunk_number_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class CandidateQuestion(models.Model):
    """A question of the assistant with answers to choose from.

    `answer` are the numbers of the chosen options, null while it is open; a skipped
    question has none and `is_skipped`.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="questions")
    call_id = models.CharField(max_length=128)
    text = models.CharField(_("question"), max_length=500)
    options = models.JSONField(_("options"), default=list)
    allows_several = models.BooleanField(default=False)
    is_parking = models.BooleanField(default=False)
    answer = models.JSONField(_("answer"), null=True)
    is_skipped = models.BooleanField(_("skipped"), default=False)
    created_at = models.DateTimeField(_("asked"), default=now)
    answered_at = models.DateTimeField(_("answered"), null=True)
    told_in = models.ForeignKey(
        Turn, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("question to the candidate")
        verbose_name_plural = _("questions to the candidate")
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["turn", "call_id"], name="question_call_unique"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
