"""Pictures that candidates send along with a question."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistant.models.conversations import Message
from base.clock import now
from base.ids import new_uuid
from interviews.models import Interview


class Attachment(models.Model):
    """One picture; without a message it was not sent yet.

    `content` is its name in the default storage, which tells nothing and is not to be
    guessed. The content goes when the row goes (`assistant.receivers`).
    """

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="attachments"
    )
    message = models.ForeignKey(
        Message, null=True, on_delete=models.CASCADE, related_name="attachments"
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    client_id = models.CharField(max_length=64)
    content = models.CharField(max_length=200)
    content_type = models.CharField(_("kind"), max_length=20)
    hash = models.CharField(_("content hash"), max_length=64)
    size = models.PositiveIntegerField(_("bytes"))
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    created_at = models.DateTimeField(_("pasted"), default=now)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["message", "position", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "client_id"], name="attachment_client_id_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.content_type} · {self.width} × {self.height}"


class LooseContent(models.Model):
    """A name in the default storage that no picture stands for: not yet, or no more.

    Written down before the content is, so that no crash leaves one nobody knows of.
    """

    content = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = _("loose content")
        verbose_name_plural = _("loose contents")
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.content
