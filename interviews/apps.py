"""The interviews app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InterviewsConfig(AppConfig):
    """Interviews from the invitation to the decision."""

    name = "interviews"
    verbose_name = _("Interviews")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register this app's step of the pipeline and what it spends on."""
        from interviews import wiring as wiring  # noqa: PLC0415 -- needs the models loaded
