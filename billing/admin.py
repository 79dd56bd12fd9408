"""Prices, which only the operator edits, and the usage ledger, which nobody does."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ReadOnlyOrganisationAdmin, SharedAdmin
from accounts.models import User
from billing.models import ModelPrice, Usage


@admin.register(ModelPrice)
class ModelPriceAdmin(SharedAdmin[ModelPrice]):
    """US dollars per million tokens; a new price is a new row with its date."""

    permission_object = "cost"
    list_display = ["model", "provider", "valid_from", "input", "output", "cache_read"]
    list_filter = ["provider", "model"]
    search_fields = ["model"]

    def _is_operator(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_superuser

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Prices are the installation's: only its operator adds one."""
        return self._is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Prices are the installation's: only its operator corrects one."""
        return self._is_operator(request)


@admin.register(Usage)
class UsageAdmin(ReadOnlyOrganisationAdmin[Usage]):
    """Every call to a provider that the organisation pays for."""

    organisation_path = "payer"
    permission_object = "cost"
    list_display = [
        "at",
        "purpose",
        "model",
        "input_tokens",
        "output_tokens",
        "cost",
        "outcome",
        "is_simulated",
    ]
    list_filter = ["purpose", "model", "is_simulated"]
    search_fields = ["reference", "request_id"]
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Usage]:
        """Fetch the price with each row."""
        return super().get_queryset(request).select_related("price")

    @admin.display(description=_("US dollars"), ordering="cost_usd")
    def cost(self, usage: Usage) -> Any:
        """Return the cost; an unknown one is said, never shown as zero."""
        return _("unknown") if usage.cost_usd is None else f"{usage.cost_usd:.6f}"
