"""Every call to a model, as it went; read only."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.access import standing_of
from accounts.admin_base import ReadOnlyOrganisationAdmin
from assistant.context.store import rebuild_request
from assistant.models import ModelCall
from billing.purposes import purpose_label
from interviews.admin.operations import BackOfficeMedia
from interviews.admin.pages import review_path
from interviews.admin.versions import status_mark

# Ways to end that are nobody's failure and still no answer.
_UNUSUAL = frozenset({"refusal", "max_tokens", "stopped", "interrupted"})


@admin.register(ModelCall)
class ModelCallAdmin(BackOfficeMedia, ReadOnlyOrganisationAdmin[ModelCall]):
    """The audit of calls; what was sent is shown to those who may read conversations."""

    permission_object = "model_call"
    list_display = [
        "at",
        "what_for",
        "asked",
        "end_mark",
        "status",
        "first_token_ms",
        "duration_ms",
        "step",
        "tries",
        "instead_of",
        "key_label",
    ]
    list_filter = ["purpose", "asked", "error_code", "status", "is_simulated"]
    search_fields = ["request_id__exact"]
    search_help_text = _("The whole id of a request")
    date_hierarchy = "at"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "at",
                    "desk",
                    "what_for",
                    "step",
                    "provider",
                    "asked",
                    "answered",
                    "instead_of",
                    "key_label",
                    "is_simulated",
                ]
            },
        ),
        (
            _("How it went"),
            {
                "fields": [
                    "end_mark",
                    "status",
                    "error_code",
                    "stop_reason",
                    "tries",
                    "request_id",
                    "first_byte_ms",
                    "first_token_ms",
                    "duration_ms",
                    "bytes_out",
                    "bytes_in",
                    "cost",
                ]
            },
        ),
        (_("What was sent"), {"fields": ["request_text"]}),
    ]
    readonly_fields = [
        "desk",
        "what_for",
        "end_mark",
        "instead_of",
        "cost",
        "request_text",
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what was sent for those who may not read conversations."""
        standing = standing_of(request)
        if standing is not None and standing.may("view", "conversation"):
            return self.fieldsets
        return self.fieldsets[:-1]

    @admin.display(description=_("purpose"), ordering="purpose")
    def what_for(self, call: ModelCall) -> str:
        """Return what it was for."""
        return purpose_label(call.purpose)

    @admin.display(description=_("end"), ordering="error_code")
    def end_mark(self, call: ModelCall) -> str:
        """Return how it ended, in words with a mark."""
        if call.error_code:
            return status_mark(call.error_code, "danger")
        is_unusual = call.stop_reason in _UNUSUAL
        return status_mark(call.stop_reason or "–", "warning" if is_unusual else "good")

    @admin.display(description=_("instead of"), empty_value="–")
    def instead_of(self, call: ModelCall) -> str | None:
        """Return the model that should have been asked."""
        return call.fallback_from or None

    @admin.display(description=_("interview"))
    def desk(self, call: ModelCall) -> str:
        """Link to the review desk."""
        return format_html(
            '<a class="text-link" href="{}">{}</a>',
            review_path(call.interview_id),
            call.interview,
        )

    @admin.display(description=_("tokens and cost"), empty_value="–")
    def cost(self, call: ModelCall) -> str | None:
        """Link to the ledger's row."""
        if call.usage_id is None:
            return None
        return format_html(
            '<a class="text-link" href="{}">{}</a>',
            reverse("admin:billing_usage_change", args=[call.usage_id]),
            _t("in the ledger"),
        )

    @admin.display(description=_("request"), empty_value="–")
    def request_text(self, call: ModelCall) -> str | None:
        """Return exactly what was sent, as JSON."""
        if call.turn is None or call.sent is None:
            return None
        request = rebuild_request(call.turn, call.sent.step)
        text = json.dumps(request, indent=2, ensure_ascii=False)
        return format_html('<pre class="wraps">{}</pre>', text)
