"""What candidates think of answers."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistant.enums import Rating
from assistant.models.conversations import Message
from base.clock import now


class Feedback(models.Model):
    """The candidate's rating of one answer; taken back, the row goes."""

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, related_name="feedback"
    )
    rating = models.CharField(_("rating"), max_length=4, choices=Rating)
    rated_at = models.DateTimeField(_("rated"), default=now)

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        ordering = ["-rated_at"]

    def __str__(self) -> str:
        return f"{self.message_id} · {self.rating}"
