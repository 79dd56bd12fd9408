"""The usage ledger: read by those who see money, priced later by the operator."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.access import current_organisation
from accounts.admin_base import ReadOnlyOrganisationAdmin
from accounts.services.audit import record_audit
from billing.admin.base import (
    MoneyMedia,
    is_operator,
    say_usd,
    simulated_mark,
    status_mark,
)
from billing.enums import TROUBLED, Meter, Outcome
from billing.models import Usage
from billing.services.repricing import reprice_unknown


@admin.register(Usage)
class UsageAdmin(MoneyMedia, ReadOnlyOrganisationAdmin[Usage]):
    """Every call to a provider, and every metered quantity, that is paid for."""

    organisation_path = "payer"
    permission_object = "cost"
    list_display = [
        "at",
        "purpose",
        "model",
        "outcome_mark",
        "cost",
        "simulated",
        "fresh",
        "cache_written",
        "cache_read",
        "output",
        "measured",
        "error_code",
        "key_label",
    ]
    list_filter = ["purpose", "model", "outcome", "is_simulated", "meter"]
    search_fields = ["reference__exact", "request_id__exact"]
    search_help_text = _("The whole id of an interview, or of a request")
    date_hierarchy = "at"
    actions = ["price_unknown"]
    readonly_fields = ["cost", "saved", "held", "outcome_mark", "simulated"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "at",
                    "purpose",
                    "provider",
                    "model",
                    "outcome_mark",
                    "error_code",
                    "simulated",
                    "cost",
                    "saved",
                    "held",
                    "price",
                    "meter_price",
                    "corrects",
                    "note",
                ]
            },
        ),
        (
            _("What it took"),
            {
                "fields": [
                    "meter",
                    "quantity",
                    "input_tokens",
                    "cache_write_5m_tokens",
                    "cache_write_1h_tokens",
                    "cache_read_tokens",
                    "output_tokens",
                    "thinking_tokens",
                    "audio_input_tokens",
                    "audio_cached_tokens",
                    "audio_output_tokens",
                    "is_batch",
                    "is_estimated",
                    "raw",
                ]
            },
        ),
        (
            _("Whose it is"),
            {
                "fields": [
                    "reference",
                    "group",
                    "labels",
                    "key_label",
                    "request_id",
                ]
            },
        ),
    ]

    def has_reprice_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Prices are the installation's, so what they say is the operator's to apply."""
        return is_operator(request)

    @admin.action(description=_("Price calls of unknown cost"), permissions=["reprice"])
    def price_unknown(self, request: HttpRequest, queryset: QuerySet[Usage]) -> None:
        """Write corrections where a price exists by now."""
        count = reprice_unknown(queryset)
        organisation = current_organisation(request)
        if count and organisation is not None:
            details = {"count": count}
            record_audit(
                request.user, organisation, "usage.priced", organisation, details
            )
        text = ngettext(
            "%d call of unknown cost has its price now.",
            "%d calls of unknown cost have their price now.",
            count,
        )
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % count, level)

    @admin.display(description=_("US dollars"), ordering="cost_usd")
    def cost(self, usage: Usage) -> str:
        """Return the cost; an unknown one is said, never shown as zero."""
        if usage.cost_usd is None:
            return status_mark(_("unknown"), "danger")
        return say_usd(usage.cost_usd)

    @admin.display(description=_("saved by the cache"))
    def saved(self, usage: Usage) -> str:
        """Return what the cache took off, in dollars."""
        return say_usd(usage.saved_usd)

    @admin.display(description=_("counted against budgets in place of a cost"))
    def held(self, usage: Usage) -> str:
        """Return the bound that stands for an unknown cost, in dollars."""
        return say_usd(usage.bound_usd)

    @admin.display(description=_("outcome"), ordering="outcome")
    def outcome_mark(self, usage: Usage) -> str:
        """Return how the call ended; trouble stands out."""
        is_trouble = Outcome(usage.outcome) in TROUBLED
        return status_mark(usage.get_outcome_display(), "danger" if is_trouble else "")

    @admin.display(description=_("input"), ordering="input_tokens")
    def fresh(self, usage: Usage) -> int:
        """Return the input tokens that no cache served or stored."""
        return usage.input_tokens

    @admin.display(description=_("cache written"))
    def cache_written(self, usage: Usage) -> int:
        """Return the tokens written to either cache."""
        return usage.cache_write_5m_tokens + usage.cache_write_1h_tokens

    @admin.display(description=_("cache read"), ordering="cache_read_tokens")
    def cache_read(self, usage: Usage) -> int:
        """Return the tokens read from the cache."""
        return usage.cache_read_tokens

    @admin.display(description=_("output"), ordering="output_tokens")
    def output(self, usage: Usage) -> int:
        """Return the output tokens."""
        return usage.output_tokens

    @admin.display(description=_("other meter"))
    def measured(self, usage: Usage) -> str:
        """Return the quantity of what is no token, with its unit."""
        if usage.meter == Meter.TOKENS:
            return ""
        return f"{usage.quantity:,} {usage.meter}"

    @admin.display(description=_("simulated"), ordering="is_simulated")
    def simulated(self, usage: Usage) -> str:
        """Say whether anybody pays for it."""
        return simulated_mark(is_simulated=usage.is_simulated)
