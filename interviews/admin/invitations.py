"""Invitations: a link to copy, its state, resend and revoke."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from accounts.access import current_organisation
from accounts.services.audit import record_audit
from base.clock import now
from interviews.admin.catalogue_filters import NewestTitleFilter
from interviews.admin.invite_form import InviteForm
from interviews.admin.operations import (
    BackOfficeMedia,
    Operation,
    OperationsAdmin,
    do_each,
    member,
)
from interviews.admin.pages import review_path
from interviews.admin.versions import status_mark
from interviews.enums import InterviewState
from interviews.models import Invitation
from interviews.services import decisions
from interviews.services.invitations import invitation_url, invite_candidate
from interviews.services.lifecycle import UNSTARTED_STATES
from interviews.zones import format_in_zone


def describe_link(invitation: Invitation) -> tuple[Any, str]:
    """Return where a link stands, in words, and the tone of its mark."""
    state = invitation.interview.state
    if invitation.revoked_at is not None:
        return _("Revoked"), "danger"
    if state not in UNSTARTED_STATES:
        return invitation.interview.get_state_display(), ""
    if invitation.expires_at <= now():
        return _("Expired"), "warning"
    if invitation.opens_at > now():
        return _("Opens later"), ""
    if state == InterviewState.PREPARING:
        return _("Opened"), "good"
    return _("Waiting for the candidate"), "good"


def resend_each(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    invitations: QuerySet[Invitation],
) -> None:
    """Mail each link again."""
    done = ngettext_lazy("%d e-mail is on its way.", "%d e-mails are on their way.")
    do_each(
        model_admin,
        request,
        invitations,
        lambda one, actor: decisions.resend(one, actor=actor),
        done=done,
    )


def revoke_each(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    invitations: QuerySet[Invitation],
) -> None:
    """Make each link invalid."""
    done = ngettext_lazy("%d link is revoked.", "%d links are revoked.")
    do_each(
        model_admin,
        request,
        invitations,
        lambda one, actor: decisions.revoke(one, actor=actor),
        done=done,
    )


@admin.register(Invitation)
class InvitationAdmin(BackOfficeMedia, OperationsAdmin[Invitation]):
    """Links for candidates."""

    permission_object = "invitation"
    is_audited_by_service = True
    list_display = [
        "candidate",
        "assessment_version",
        "link_state",
        "opens_at",
        "expires_at",
        "last_sent_at",
    ]
    list_select_related = ["candidate", "assessment_version", "interview"]
    list_filter = [
        ("assessment_version__assessment", NewestTitleFilter),
        "expires_at",
    ]
    search_fields = ["candidate__name", "candidate__email"]
    actions = ["resend_selected", "revoke_selected"]
    operations = [
        Operation("resend", _("Send the e-mail again"), "resend", "invitation"),
        Operation(
            "revoke",
            _("Revoke the link"),
            "revoke",
            "invitation",
            is_dangerous=True,
            help=_("Every link sent so far stops working."),
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        """Leave out previews."""
        return super().get_queryset(request).filter(candidate__is_preview=False)

    def get_operations(self, request: HttpRequest, obj: Invitation) -> list[Operation]:
        """Offer nothing for a link that is of no use any more."""
        is_open = obj.interview.state in UNSTARTED_STATES and obj.revoked_at is None
        return list(self.operations) if is_open else []

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        """Ask on adding; afterwards show."""
        if obj is None:
            return [
                "assessment_version",
                "people",
                "name",
                "time_zone",
                "opens_at",
                "expires_at",
                "time_factor",
                "is_mailed",
            ]
        # Why somebody has more time is between them and whoever invites.
        factor = ["time_factor"] if self.has_add_permission(request) else []
        return [
            "candidate",
            "assessment_version",
            "link_state",
            "opening",
            "closing",
            *factor,
            "invited_by",
            "last_sent_at",
            "interview_link",
        ]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Invitation | None = None
    ) -> Any:
        """Show an invitation; it is never edited."""
        return self.get_fields(request, obj) if obj else []

    def get_form(
        self,
        request: HttpRequest,
        obj: Invitation | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 -- Django's signature
        **kwargs: Any,
    ) -> type[ModelForm[Invitation]]:
        """Use the invite form on adding, with the request's own choices."""
        if obj is not None:
            return super().get_form(request, obj, change=change, **kwargs)
        owned = {"owner": current_organisation(request)}
        return type("OwnInviteForm", (InviteForm,), owned)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Take an assessment version from the address."""
        chosen = request.GET.get("assessment_version", "")
        return {"assessment_version": chosen} if chosen.isdigit() else {}

    def extra_page_context(
        self, request: HttpRequest, object_id: str | None
    ) -> dict[str, Any]:
        """Show the link to those who may send it."""
        obj = self.get_object(request, unquote(object_id)) if object_id else None
        if obj is None or not self.is_permitted(request, "resend"):
            return {}
        return {
            "link": invitation_url(obj) if self.get_operations(request, obj) else ""
        }

    @admin.display(description=_("state"))
    def link_state(self, invitation: Invitation) -> str:
        """Return where the link stands, in words."""
        return status_mark(*describe_link(invitation))

    @admin.display(description=_("opens"))
    def opening(self, invitation: Invitation) -> str:
        """Return when the link begins to work, in the candidate's zone."""
        return format_in_zone(invitation.opens_at, invitation.time_zone)

    @admin.display(description=_("closes"))
    def closing(self, invitation: Invitation) -> str:
        """Return the last moment to begin, in the candidate's zone."""
        return format_in_zone(invitation.expires_at, invitation.time_zone)

    @admin.display(description=_("interview"))
    def interview_link(self, invitation: Invitation) -> str:
        """Link to the review desk."""
        address = review_path(invitation.interview)
        words = _("Open the interview")
        return format_html('<a class="text-link" href="{}">{}</a>', address, words)

    def save_model(
        self, request: HttpRequest, obj: Invitation, form: Any, change: Any
    ) -> None:
        """Invite everybody, all or nobody; `obj` becomes the first invitation."""
        actor = member(request)
        data = form.cleaned_data
        made = []
        with transaction.atomic():
            for address, name in data["people"]:
                invitation = invite_candidate(
                    data["assessment_version"],
                    email=address,
                    name=name or data["name"],
                    invited_by=actor,
                    opens_at=data["opens_at"],
                    expires_at=data["expires_at"],
                    time_zone=data["time_zone"],
                    time_factor=data["time_factor"],
                    send_mail=data["is_mailed"],
                )
                record_audit(
                    actor, invitation.organisation, "invitation.added", invitation
                )
                made.append(invitation)
        first = made[0]
        for field in Invitation._meta.concrete_fields:
            setattr(obj, field.attname, getattr(first, field.attname))
        obj._state.adding = False
        obj.made_count = len(made)  # type: ignore[attr-defined] # for response_add alone

    def response_add(
        self, request: HttpRequest, obj: Invitation, post_url_continue: Any = None
    ) -> HttpResponse:
        """Show the link of a single invitation, the list after several."""
        count = getattr(obj, "made_count", 1)
        text = ngettext("%d person is invited.", "%d people are invited.", count)
        self.message_user(request, text % count, messages.SUCCESS)
        if count == 1:
            return HttpResponseRedirect(self.page_of(obj))
        return HttpResponseRedirect(reverse("admin:interviews_invitation_changelist"))

    def run_resend(
        self, request: HttpRequest, obj: Invitation, values: dict[str, Any]
    ) -> str:
        """Mail the link again."""
        decisions.resend(obj, actor=member(request))
        return _now("The e-mail is on its way.")

    def run_revoke(
        self, request: HttpRequest, obj: Invitation, values: dict[str, Any]
    ) -> str:
        """Make the link invalid."""
        decisions.revoke(obj, actor=member(request))
        return _now("The link is revoked.")

    @admin.action(description=_("Send the e-mail again"), permissions=["resend"])
    def resend_selected(
        self, request: HttpRequest, queryset: QuerySet[Invitation]
    ) -> None:
        """Mail each link again."""
        resend_each(self, request, queryset)

    @admin.action(description=_("Revoke the links"), permissions=["revoke"])
    def revoke_selected(
        self, request: HttpRequest, queryset: QuerySet[Invitation]
    ) -> None:
        """Make each link invalid."""
        revoke_each(self, request, queryset)
