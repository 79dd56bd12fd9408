"""What a member fills in on the review desk."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from interviews.enums import Decision


class DecideForm(forms.Form):
    """A decision needs its reason."""

    decision = forms.ChoiceField(
        label=_("Decision"), choices=Decision.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Your colleagues read this; the candidate does not."),
    )


class ReasonForm(forms.Form):
    """Why it is done, for the record."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class TimeForm(ReasonForm):
    """How much time, and why."""

    minutes = forms.IntegerField(
        label=_("Minutes"), min_value=1, max_value=240, initial=15
    )
    field_order: Any = ["minutes", "reason"]
