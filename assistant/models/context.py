"""What was sent to the model: blocks kept once, epochs that only grow, requests."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistant.enums import ContextKind, EpochReason, MessageRole
from assistant.models.conversations import Conversation, Turn
from base.clock import now
from interviews.models import Interview


class ContextBlock(models.Model):
    """A content block, or the system blocks, as JSON text; kept once per interview.

    Text, not a JSON field: what is read back is what was written, to the byte.
    """

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="context_blocks"
    )
    hash = models.CharField(_("content hash"), max_length=64)
    content = models.TextField(_("content"))

    class Meta:
        verbose_name = _("context block")
        verbose_name_plural = _("context blocks")
        ordering = ["interview", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "hash"], name="context_block_hash_unique"
            )
        ]

    def __str__(self) -> str:
        return self.hash[:12]


class ContextEpoch(models.Model):
    """A stretch of a conversation in which what was sent is only added to.

    `kept` counts the items at its start that were carried over from the one before.
    `tools` holds the tools as they were offered, which come before all else.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="epochs"
    )
    number = models.PositiveIntegerField(_("number"))
    reason = models.CharField(_("reason"), max_length=10, choices=EpochReason)
    model = models.CharField(_("model"), max_length=100)
    system = models.ForeignKey(ContextBlock, on_delete=models.CASCADE, related_name="+")
    tools = models.ForeignKey(
        ContextBlock, null=True, on_delete=models.CASCADE, related_name="+"
    )
    kept = models.PositiveIntegerField(_("items carried over"), default=0)
    created_at = models.DateTimeField(_("began"), default=now)

    class Meta:
        verbose_name = _("context epoch")
        verbose_name_plural = _("context epochs")
        ordering = ["conversation", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "number"], name="context_epoch_number_unique"
            )
        ]

    def __str__(self) -> str:
        return str(self.number)


class ContextItem(models.Model):
    """One block at its place in an epoch; never changed, never removed.

    `path` and `hash` say, of a file, which text the model knows from here on; `path`
    of a run is its id, also where a tool told of it.
    """

    epoch = models.ForeignKey(
        ContextEpoch, on_delete=models.CASCADE, related_name="items"
    )
    position = models.PositiveIntegerField(_("position"))
    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(_("role"), max_length=9, choices=MessageRole)
    kind = models.CharField(_("kind"), max_length=8, choices=ContextKind)
    block = models.ForeignKey(ContextBlock, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(_("path"), max_length=240, blank=True)
    hash = models.CharField(_("content hash"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("context item")
        verbose_name_plural = _("context items")
        ordering = ["epoch", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["epoch", "position"], name="context_item_position_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.position} · {self.kind}"


class ContextRequest(models.Model):
    """What one call sent: the first `length` items of an epoch, and how.

    A turn's first call is its step 0; each time its tools have run there is another.
    `shown` counts the UTF-16 code units of the answer that were shown before the call.
    `shape` holds `marks` (positions after which the provider is to cache), `ttl`,
    `max_tokens`, `reference` and `brief`.
    """

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="requests")
    step = models.PositiveSmallIntegerField(_("step"), default=0)
    epoch = models.ForeignKey(
        ContextEpoch, on_delete=models.CASCADE, related_name="requests"
    )
    length = models.PositiveIntegerField(_("items"))
    shown = models.PositiveIntegerField(_("text before it"), default=0)
    shape = models.JSONField(_("shape"), default=dict)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["epoch", "length"]
        constraints = [
            models.UniqueConstraint(
                fields=["turn", "step"], name="context_request_step_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.turn_id} · {self.step}"
