"""What candidates send: consent, the result of the device check, reports."""

import json
from collections.abc import Mapping
from typing import Annotated

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, JsonValue, StringConstraints

from base.text import shorten
from interviews.timeline.kinds import DeviceChecked
from interviews.workspace.changes import clean_text

DIAGNOSTICS_CHARS = 8_000
_FACTS = 40
_VALUE_CHARS = 1_000
_NAME_CHARS = 60


class DeviceCode(models.TextChoices):
    """How one part of the device check ended; stable, read by recruiters."""

    OK = "ok", _("Works")
    SKIPPED = "skipped", _("Not needed")
    NOT_ALLOWED = "not_allowed", _("Access was refused")
    NOT_FOUND = "not_found", _("No device found")
    NOT_READABLE = "not_readable", _("Device used by another program")
    OVERCONSTRAINED = "overconstrained", _("Device cannot do what is asked")
    INSECURE = "insecure", _("Page was not opened over https")
    SECURITY = "security", _("Blocked by the browser's settings")
    NO_RECORDER = "no_recorder", _("Browser cannot record")
    SILENT = "silent", _("No sound heard")
    UNKNOWN = "unknown", _("Failed for an unknown reason")
    BLOCKED = "blocked", _("Connection failed")
    SLOW = "slow", _("Connection is slow")


class ConsentForm(forms.Form):
    """The tick under the text; `version` is the text that was shown."""

    agree = forms.BooleanField(
        error_messages={"required": _("Tick the box to go on, or choose not to agree.")}
    )
    version = forms.CharField(max_length=20, widget=forms.HiddenInput)


class DeviceCheckForm(forms.Form):
    """The result of the check, written by the page's module."""

    camera = forms.ChoiceField(choices=DeviceCode.choices)
    microphone = forms.ChoiceField(choices=DeviceCode.choices)
    socket = forms.ChoiceField(choices=DeviceCode.choices)
    upload = forms.ChoiceField(choices=DeviceCode.choices)

    def result(self, *, is_recorded: bool) -> DeviceChecked:
        """Return the payload of the event; devices nobody needs are skipped."""
        data = self.cleaned_data
        skipped = DeviceCode.SKIPPED.value
        return DeviceChecked(
            camera=data["camera"] if is_recorded else skipped,
            microphone=data["microphone"] if is_recorded else skipped,
            socket=data["socket"],
            upload=data["upload"],
        )


class ReportForm(forms.Form):
    """“Something is wrong”, sent without JavaScript."""

    message = forms.CharField(
        max_length=4000,
        error_messages={"required": _("Write a line about what happened, then send.")},
    )


class ReportBody(BaseModel):
    """“Something is wrong”, sent by the page with diagnostics."""

    message: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)
    ]
    diagnostics: dict[str, JsonValue] = {}


def bound_diagnostics(facts: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what is worth keeping of a page's diagnostics, storable and bounded.

    Nested values become text; what exceeds the limits is cut and says so.
    """
    bounded: dict[str, JsonValue] = {}
    left = DIAGNOSTICS_CHARS
    for name, value in list(facts.items())[:_FACTS]:
        kept = _bound_value(value)
        left -= len(str(kept)) + _NAME_CHARS
        if left < 0:
            bounded["truncated"] = True
            break
        bounded[clean_text(name[:_NAME_CHARS])] = kept
    return bounded


def _bound_value(value: JsonValue) -> JsonValue:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shorten(clean_text(text), _VALUE_CHARS)
