"""The billing app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from billing.receivers import import_prices_after_migrate


class BillingConfig(AppConfig):
    """Prices and usage."""

    name = "billing"
    verbose_name = _("Billing")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep the shipped prices in the table after every migrate."""
        post_migrate.connect(import_prices_after_migrate, sender=self)
