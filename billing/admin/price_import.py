"""A price file in two steps: what it would change, then the change itself."""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import current_organisation
from accounts.services.audit import record_audit
from billing.admin.base import is_operator
from billing.errors import PriceFileError
from billing.models import ModelPrice
from billing.services.price_files import (
    MAX_CHARS,
    Entry,
    PriceChange,
    PriceDiff,
    diff_prices,
    import_prices,
    name_price,
    parse_prices,
    say_refusal,
)

_LIST = "admin:billing_modelprice_changelist"


class PriceFileForm(forms.Form):
    """A file, or on confirmation its text once more with what was seen of it."""

    file = forms.FileField(required=False)
    text = forms.CharField(required=False, strip=False, max_length=MAX_CHARS)
    seen = forms.CharField(required=False)

    def read_text(self) -> str:
        """Return the file's text. Raises PriceFileError."""
        upload = self.cleaned_data.get("file")
        if upload is None:
            text: str = self.cleaned_data["text"]
            return text
        if upload.size > MAX_CHARS:
            raise PriceFileError(_("This is too long for a price file."))
        try:
            decoded: str = upload.read().decode()
        except UnicodeDecodeError as error:
            raise PriceFileError(_("This file is not UTF-8 text.")) from error
        return decoded


@dataclass(frozen=True)
class ChangeLine:
    """A row that would be added or changed, in words."""

    name: str
    columns: tuple[str, ...]
    refusal: str = ""


def import_view(request: HttpRequest) -> HttpResponse:
    """Show what a file would change; with `seen` from that page, change it.

    Nothing is kept in between: the page sends the text again. If the tables changed
    meanwhile, the difference is shown again instead.
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not is_operator(request):
        raise PermissionDenied
    form = PriceFileForm(request.POST, request.FILES)
    try:
        if not form.is_valid():
            raise PriceFileError(_("This is no price file."))
        text = form.read_text()
        if not text.strip():
            raise PriceFileError(_("Choose a price file first."))
        diff = diff_prices(parse_prices(text))
        if form.cleaned_data["seen"] != _digest(diff):
            return _show(request, text, diff)
        count = import_prices(diff)
    except PriceFileError as error:
        for line in str(error.message).splitlines():
            messages.error(request, line)
        return redirect(_LIST)
    _audit(request, diff)
    done = ngettext("%d price is imported.", "%d prices are imported.", count)
    messages.success(request, done % count)
    return redirect(_LIST)


def _show(request: HttpRequest, text: str, diff: PriceDiff) -> HttpResponse:
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Import prices"),
        "opts": ModelPrice._meta,
        "text": text,
        "seen": _digest(diff),
        "added": [_describe_new(entry) for entry in diff.added],
        "changed": [_describe(change) for change in diff.changed],
        "only_here": [name_price(row) for row in diff.only_here],
        "same_count": len(diff.same),
        "is_refused": bool(diff.refused),
        "is_empty": not (diff.added or diff.changed),
    }
    return render(request, "admin/billing/price_import.html", context)


def _describe_new(entry: Entry) -> ChangeLine:
    told = {name: value for name, value in entry.values.items() if value is not None}
    return ChangeLine(
        name_price(entry),
        (", ".join(f"{name} {_say(value)}" for name, value in told.items()),),
    )


def _describe(change: PriceChange) -> ChangeLine:
    return ChangeLine(
        name_price(change.entry),
        tuple(
            f"{column.name}: {_say(column.before)} → {_say(column.after)}"
            for column in change.columns
        ),
        say_refusal(change) if change.is_refused else "",
    )


def _say(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "—" if value in (None, "") else str(value)


def _digest(diff: PriceDiff) -> str:
    """Return a short word for exactly these differences."""
    shown = [
        *(f"+{entry!r}" for entry in diff.added),
        *(f"~{change.row.pk}{change.columns!r}" for change in diff.changed),
    ]
    return sha256("\n".join(shown).encode()).hexdigest()


def _audit(request: HttpRequest, diff: PriceDiff) -> None:
    organisation = current_organisation(request)
    if organisation is None:
        return
    details = {
        "added": [name_price(entry) for entry in diff.added],
        "changed": [name_price(change.entry) for change in diff.changed],
    }
    record_audit(request.user, organisation, "prices.imported", organisation, details)
