"""Prices, which only the operator edits, one by one or from a file."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import path
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import M, SharedAdmin
from billing.admin.base import MoneyMedia, is_operator, say_usd, status_mark
from billing.admin.price_import import import_view
from billing.enums import Certainty
from billing.models import MeterPrice, ModelPrice
from billing.services.price_files import is_billed

_TONES = {Certainty.HIGH: "good", Certainty.MEDIUM: "", Certainty.LOW: "warning"}


class PriceAdmin(MoneyMedia, SharedAdmin[M]):
    """A price: added by the operator, left alone once usage was billed by it."""

    permission_object = "cost"
    list_before_template = "admin/billing/_price_upload.html"
    change_form_outer_before_template = "admin/billing/_price_note.html"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Prices are the installation's: only its operator adds one."""
        return is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let the operator correct what nothing was billed by."""
        return is_operator(request) and (obj is None or not is_billed(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let the operator delete what nothing was billed by."""
        return self.has_change_permission(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Tell the operator what to do about a price that stays as it is."""
        obj = kwargs.get("obj")
        context["is_kept"] = obj is not None and is_operator(request) and is_billed(obj)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("valid from"), ordering="valid_from")
    def since(self, price: ModelPrice | MeterPrice) -> str:
        """Return the day it holds from, in UTC."""
        return date_format(price.valid_from, "Y-m-d")

    @admin.display(description=_("certainty"), ordering="certainty")
    def sure(self, price: ModelPrice | MeterPrice) -> str:
        """Return how sure the price is."""
        certainty = Certainty(price.certainty)
        word = str(certainty.label).partition(":")[0]
        return status_mark(word, _TONES[certainty])


@admin.register(ModelPrice)
class ModelPriceAdmin(PriceAdmin[ModelPrice]):
    """US dollars per million tokens; a new price is a new row with its date."""

    list_display = [
        "model",
        "since",
        "tier",
        "input_usd",
        "output_usd",
        "written_usd",
        "read_usd",
        "sure",
        "checked_on",
        "provider",
    ]
    list_filter = ["provider", "model", "certainty"]
    search_fields = ["model"]

    @admin.display(description=_("prompts over"), ordering="over_prompt_tokens")
    def tier(self, price: ModelPrice) -> str:
        """Return from how many tokens on it holds; nothing for every prompt."""
        return f"{price.over_prompt_tokens:,}" if price.over_prompt_tokens else ""

    @admin.display(description=_("input, $"), ordering="input")
    def input_usd(self, price: ModelPrice) -> str:
        """Return dollars per million tokens."""
        return say_usd(price.input)

    @admin.display(description=_("output, $"), ordering="output")
    def output_usd(self, price: ModelPrice) -> str:
        """Return dollars per million tokens."""
        return say_usd(price.output)

    @admin.display(description=_("cache write, $"), ordering="cache_write_5m")
    def written_usd(self, price: ModelPrice) -> str:
        """Return dollars per million tokens, for five minutes and for an hour."""
        return f"{say_usd(price.cache_write_5m)} / {say_usd(price.cache_write_1h)}"

    @admin.display(description=_("cache read, $"), ordering="cache_read")
    def read_usd(self, price: ModelPrice) -> str:
        """Return dollars per million tokens."""
        return say_usd(price.cache_read)

    def get_urls(self) -> list[Any]:
        """Add the import of a price file."""
        own = path(
            "import/",
            self.admin_site.admin_view(import_view),
            name="billing_modelprice_import",
        )
        return [own, *super().get_urls()]


@admin.register(MeterPrice)
class MeterPriceAdmin(PriceAdmin[MeterPrice]):
    """US dollars for so many units of what is no token."""

    list_display = ["meter", "since", "dollars", "per", "sure", "checked_on"]
    list_filter = ["meter", "certainty"]

    @admin.display(description=_("US dollars"), ordering="usd")
    def dollars(self, price: MeterPrice) -> str:
        """Return the price."""
        return say_usd(price.usd)
