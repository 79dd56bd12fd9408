"""Whom to invite to what: one form for one person or many."""

from datetime import timedelta
from decimal import Decimal
from email.utils import getaddresses
from typing import Any, ClassVar

from django import forms
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.models import Organisation
from base.clock import now
from interviews.errors import NotInvitableError
from interviews.models import AssessmentVersion, Invitation
from interviews.selectors.back_office import newest_assessment_versions
from interviews.services.invitations import DEFAULT_WINDOW, require_invitable
from interviews.zones import zone_names, zone_of

MAX_PEOPLE = 100


def _zone_choices() -> list[tuple[str, object]]:
    unknown = (("", _("Not known: times in UTC")),)
    return [*unknown, *((name, name.replace("_", " ")) for name in zone_names())]


class InviteForm(forms.ModelForm[Invitation]):
    """Whom to invite to what, and when the link works."""

    owner: ClassVar[Organisation | None]

    assessment_version = forms.ModelChoiceField(
        label=_("Assessment"),
        queryset=AssessmentVersion.objects.none(),
        widget=UnfoldAdminSelectWidget,
    )
    people = forms.CharField(
        label=_("E-mail addresses"),
        widget=UnfoldAdminTextareaWidget({"rows": 4}),
        help_text=_(
            "One a line; “Ada Lovelace &lt;ada@example.com&gt;” gives the name too."
        ),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("For a single address without a name."),
    )
    time_zone = forms.ChoiceField(
        label=_("Candidate's time zone"),
        required=False,
        choices=_zone_choices,
        widget=UnfoldAdminSelectWidget,
        help_text=_(
            "The times below are meant in it, and the candidate reads them in it."
        ),
    )
    opens_at = forms.SplitDateTimeField(
        label=_("Opens"), widget=UnfoldAdminSplitDateTimeWidget
    )
    expires_at = forms.SplitDateTimeField(
        label=_("Closes"),
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text=_("The last moment to begin; whoever begins has the whole time."),
    )
    time_factor = forms.DecimalField(
        label=_("Time factor"),
        min_value=1,
        max_value=4,
        max_digits=4,
        decimal_places=2,
        initial=1,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget({"step": "0.05"}),
        help_text=_(
            "For accommodations: 1.5 gives half as much time again. The candidate "
            "reads it as extra time agreed; reviewers see only the minutes."
        ),
    )
    is_mailed = forms.BooleanField(
        label=_("Send the e-mail with the link now"),
        required=False,
        initial=True,
        widget=UnfoldBooleanWidget,
    )

    class Meta:
        model = Invitation
        fields = [
            "assessment_version",
            "time_zone",
            "opens_at",
            "expires_at",
            "time_factor",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        start = now().replace(second=0, microsecond=0)
        kwargs["initial"] = {
            "opens_at": start,
            "expires_at": start + DEFAULT_WINDOW,
            **(kwargs.get("initial") or {}),
        }
        super().__init__(*args, **kwargs)
        if self.owner is not None:
            field: Any = self.fields["assessment_version"]
            field.queryset = newest_assessment_versions(self.owner)

    def full_clean(self) -> None:
        """Read the times in the candidate's zone: 9:00 there, wherever we are."""
        chosen = str(self.data.get(self.add_prefix("time_zone"), ""))
        with timezone.override(zone_of(chosen)):
            super().full_clean()

    def clean_time_factor(self) -> Decimal:
        """Left empty, nothing was agreed."""
        return self.cleaned_data["time_factor"] or Decimal(1)

    def clean_assessment_version(self) -> AssessmentVersion:
        """Refuse while a candidate could not be served, and say what is missing."""
        version: AssessmentVersion = self.cleaned_data["assessment_version"]
        try:
            require_invitable(version)
        except NotInvitableError as error:
            raise forms.ValidationError(str(error.message)) from error
        return version

    def clean_people(self) -> list[tuple[str, str]]:
        """Return (address, name) once for each person."""
        lines = self.cleaned_data["people"].replace(";", ",").splitlines()
        found: dict[str, str] = {}
        for name, address in getaddresses([line for line in lines if line.strip()]):
            try:
                validate_email(address)
            except forms.ValidationError as error:
                raise forms.ValidationError(
                    _("“%(address)s” is not an e-mail address."),
                    params={"address": address or name},
                ) from error
            found.setdefault(address.lower(), name)
        if not found:
            raise forms.ValidationError(_("Give at least one e-mail address."))
        if len(found) > MAX_PEOPLE:
            raise forms.ValidationError(
                _("At most %(n)d people at a time."), params={"n": MAX_PEOPLE}
            )
        return list(found.items())

    def clean(self) -> dict[str, Any]:
        """A window closes after it opened, and not in the past."""
        data = super().clean() or self.cleaned_data
        opens_at, expires_at = data.get("opens_at"), data.get("expires_at")
        if expires_at and expires_at <= now() + timedelta(minutes=1):
            self.add_error("expires_at", _("This time is over already."))
        elif opens_at and expires_at and expires_at <= opens_at:
            self.add_error("expires_at", _("The link would close before it opens."))
        people = data.get("people") or []
        if len(people) > 1 and data.get("name"):
            self.add_error("name", _("A name fits only a single address."))
        return data
