"""What of a minute's requests an organisation has left."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation


class RequestBucket(models.Model):
    """A token bucket as one moment: when all requests of a minute will be there again.

    Each request to a model moves it on by its part of a minute
    (`assistant.services.request_limits`).
    """

    organisation = models.OneToOneField(
        Organisation, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    full_at = models.DateTimeField(_("full at"))

    class Meta:
        verbose_name = _("requests of a minute")
        verbose_name_plural = _("requests of a minute")

    def __str__(self) -> str:
        return f"{self.organisation_id} · {self.full_at:%Y-%m-%d %H:%M:%S}"
