"""The recordings app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordingsConfig(AppConfig):
    """Camera and microphone, from the browser to the player."""

    name = "recordings"
    verbose_name = _("Recordings")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register event kinds, the pipeline step and what candidates' pages show."""
        import_module("recordings.wiring")
