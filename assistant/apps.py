"""The assistant app."""

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate
from django.utils.translation import gettext_lazy as _

from assistant.receivers import (
    forget_content_after_delete,
    import_models_after_migrate,
    import_prompts_after_migrate,
)


class AssistantConfig(AppConfig):
    """Claude beside the candidate, and as a judge."""

    name = "assistant"
    verbose_name = _("Assistant")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register event kinds, pipeline steps, checks and the shutdown hook."""
        import_module("assistant.wiring")
        post_migrate.connect(import_prompts_after_migrate, sender=self)
        post_migrate.connect(import_models_after_migrate, sender=self)
        attachment = self.get_model("Attachment")
        post_delete.connect(forget_content_after_delete, sender=attachment)
