"""Who is asked to watch an interview: the part of its page that says so and asks."""

from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import is_allowed
from interviews.access import find_watcher
from interviews.admin.operations import Operation, OperationsAdmin, may, member
from interviews.models import Interview
from interviews.services.interviewers import ask_to_watch, dismiss_interviewer
from interviews.services.lifecycle import OPEN_STATES


def list_askable(interview: Interview) -> QuerySet[User]:
    """Return the members who may watch and were not asked yet, by name."""
    roles = [role for role in Role if is_allowed(role, "watch", "interview")]
    return (
        User.objects.filter(
            is_active=True,
            memberships__organisation=interview.organisation_id,
            memberships__role__in=roles,
        )
        .exclude(interviews_to_watch__interview=interview)
        .annotate(role_here=F("memberships__role"))
        .order_by("name", "email")
    )


class PeopleField(forms.ModelMultipleChoiceField[User]):
    """Members with their roles."""

    def label_from_instance(self, obj: Any) -> str:
        """Return name and role."""
        return f"{obj} · {Role(obj.role_here).label}"


def _ask_form(interview: Interview) -> type[forms.Form]:
    people = PeopleField(
        label=_("People"),
        queryset=list_askable(interview),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose somebody to ask.")},
    )
    return type("AskForm", (forms.Form,), {"people": people})


def _dismiss_form(interview: Interview) -> type[forms.Form]:
    interviewer = forms.ModelChoiceField(queryset=interview.interviewers.all())
    return type("DismissForm", (forms.Form,), {"interviewer": interviewer})


_ASK = Operation("ask", _("Ask to watch"), "ask", "interview")
_DISMISS = Operation("dismiss", _("Take back"), "ask", "interview")


class WatchedAdmin(OperationsAdmin[Interview]):
    """Adds to an interview's page who is asked to watch; mails and audits by service."""

    operations = (_ASK, _DISMISS)
    change_form_outer_before_template = "admin/interviews/_watchers.html"

    def get_operations(self, request: HttpRequest, obj: Interview) -> list[Operation]:
        """Ask while it is of use."""
        return list(self.operations) if obj.state in OPEN_STATES else []

    def get_operation_form(
        self, request: HttpRequest, obj: Interview, operation: Operation
    ) -> type[forms.Form]:
        """Offer this organisation's people only."""
        return _ask_form(obj) if operation is _ASK else _dismiss_form(obj)

    def extra_page_context(
        self, request: HttpRequest, object_id: str | None
    ) -> dict[str, Any]:
        """Show who is asked, and the way to the watch page for those who may go."""
        obj = self.get_object(request, unquote(object_id)) if object_id else None
        if obj is None or obj.state not in OPEN_STATES:
            return {}
        watcher = find_watcher(member(request).pk, obj.pk)
        return {
            "asked": list(obj.interviewers.select_related("user", "invited_by")),
            "may_ask": may(request, "ask", "interview"),
            "watch_url": watcher
            and reverse("interviews:interview-watch", args=[obj.pk]),
        }

    def run_ask(
        self, request: HttpRequest, obj: Interview, values: dict[str, Any]
    ) -> str:
        """Ask everybody who was chosen, all or nobody."""
        made = ask_to_watch(obj, values["people"], actor=member(request))
        text = ngettext(
            "%d person is asked to watch.", "%d people are asked to watch.", len(made)
        )
        return text % len(made)

    def run_dismiss(
        self, request: HttpRequest, obj: Interview, values: dict[str, Any]
    ) -> str:
        """Take the asking back."""
        interviewer = values["interviewer"]
        dismiss_interviewer(interviewer, actor=member(request))
        return _now("%(name)s is not asked any more.") % {"name": interviewer.user}
