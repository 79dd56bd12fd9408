"""The billing app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from billing.receivers import import_shipped_after_migrate


class BillingConfig(AppConfig):
    """Prices, usage and budgets."""

    name = "billing"
    verbose_name = _("Billing")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep the shipped prices and budgets in their tables after every migrate."""
        post_migrate.connect(import_shipped_after_migrate, sender=self)
