"""What the model had done while it answered."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistant.enums import ToolCallState
from assistant.models.context import ContextBlock
from assistant.models.conversations import Turn
from base.clock import now
from base.ids import new_uuid


class ToolCall(models.Model):
    """One call of a tool: the `number`th of the turn's `step`th call to the model.

    `call_id` is the provider's name for it. `result` is the block the model is told,
    kept when the call has ended; `detail` is a few words of it for people.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="tool_calls")
    step = models.PositiveSmallIntegerField(_("step"))
    number = models.PositiveSmallIntegerField(_("number"))
    call_id = models.CharField(_("call"), max_length=128)
    name = models.CharField(_("tool"), max_length=128)
    input = models.JSONField(_("input"), default=dict)
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=ToolCallState,
        default=ToolCallState.RUNNING,
    )
    detail = models.CharField(_("result in short"), max_length=200, blank=True)
    result = models.ForeignKey(
        ContextBlock, null=True, on_delete=models.CASCADE, related_name="+"
    )
    covers = models.CharField(max_length=64, blank=True, editable=False)
    offset = models.PositiveIntegerField(_("text before it"), default=0)
    started_at = models.DateTimeField(_("began"), default=now)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("tool call")
        verbose_name_plural = _("tool calls")
        ordering = ["turn", "step", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["turn", "step", "number"], name="tool_call_place_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.started_at:%H:%M:%S}"
