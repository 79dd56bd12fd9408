"""The organisation, its members, what was done, and its mail."""

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from accounts.access import current_organisation
from accounts.admin_base import (
    OperatorAdmin,
    OrganisationAdmin,
    ReadOnlyOrganisationAdmin,
)
from accounts.enums import Role
from accounts.errors import AlreadyMemberError, LastOwnerError
from accounts.models import AuditEntry, Membership, Organisation, Outbox, User
from accounts.services.audit import record_audit
from accounts.services.mail import wake_worker
from accounts.services.members import add_member, change_role, remove_member
from accounts.services.outbox import retry_mail

_NEW_MEMBER = ["email", "name", "role"]

admin.site.unregister(Group)
admin.site.unregister(EmailAddress)


@admin.register(Organisation)
class OrganisationPage(OrganisationAdmin[Organisation]):
    """The organisation one works for; made by `create_organisation`."""

    organisation_path = "pk"
    permission_object = "organisation"
    list_display = ["name", "slug", "contact_email", "retention_days"]
    fields = ["name", "slug", "contact_email", "retention_days", "created_at"]
    readonly_fields = ["slug", "created_at"]


class MembershipForm(forms.ModelForm[Membership]):
    """A member's role; an organisation keeps an owner."""

    class Meta:
        model = Membership
        fields = ["role"]

    def clean_role(self) -> str:
        """Refuse to let the only owner become something else."""
        role: str = self.cleaned_data["role"]
        owners = Membership.objects.filter(
            organisation=self.instance.organisation_id, role=Role.OWNER
        ).exclude(pk=self.instance.pk)
        was_owner = self.initial.get("role") == Role.OWNER
        if was_owner and role != Role.OWNER and not owners.exists():
            raise forms.ValidationError(str(LastOwnerError()))
        return role


class NewMemberForm(forms.ModelForm[Membership]):
    """A person to take in, by address."""

    email = forms.EmailField(
        label=_("E-mail address"),
        widget=UnfoldAdminEmailInputWidget,
        help_text=_("They get a mail with a link to sign in."),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = Membership
        fields = ["role"]

    def clean_email(self) -> str:
        """Refuse somebody who is a member already."""
        email: str = self.cleaned_data["email"]
        if Membership.objects.filter(
            organisation=self.instance.organisation_id, user__email__iexact=email
        ).exists():
            raise forms.ValidationError(str(AlreadyMemberError()))
        return email


@admin.register(Membership)
class MembershipAdmin(OrganisationAdmin[Membership]):
    """Who works here and as what; every change goes through a service."""

    permission_object = "membership"
    is_audited_by_service = True
    form = MembershipForm
    list_display = ["person", "email", "role", "created_at"]
    list_filter = ["role"]
    list_select_related = ["user"]
    search_fields = ["user__name", "user__email"]
    ordering = ["user__name", "pk"]

    @admin.display(description=_("person"), ordering="user__name")
    def person(self, membership: Membership) -> str:
        """Return the member's name."""
        return str(membership.user)

    @admin.display(description=_("e-mail address"), ordering="user__email")
    def email(self, membership: Membership) -> str:
        """Return the member's address."""
        return membership.user.email

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        """Offer a role that can do no harm."""
        return {"role": Role.REVIEWER, **super().get_changeform_initial_data(request)}

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        """Ask for a person on adding; afterwards only the role changes."""
        return ["person", "email", "role", "created_at"] if obj else _NEW_MEMBER

    def get_readonly_fields(
        self, request: HttpRequest, obj: Membership | None = None
    ) -> Any:
        """Show who it is."""
        return ["person", "email", "created_at"] if obj else []

    def get_form(
        self,
        request: HttpRequest,
        obj: Membership | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 -- Django's signature
        **kwargs: Any,
    ) -> type[forms.ModelForm[Membership]]:
        """Use the form for a new person on adding."""
        if obj is None:
            kwargs["form"] = NewMemberForm
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Membership, form: Any, change: Any
    ) -> None:
        """Let the service write."""
        if change:
            stored = Membership.objects.get(pk=obj.pk)
            change_role(stored, role=obj.role, actor=request.user)
            return
        membership = add_member(
            obj.organisation,
            email=form.cleaned_data["email"],
            name=form.cleaned_data["name"],
            role=obj.role,
            actor=request.user,
        )
        obj.pk, obj.user = membership.pk, membership.user
        obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """Let the service remove."""
        remove_member(obj, actor=request.user)

    def delete_queryset(
        self, request: HttpRequest, queryset: QuerySet[Membership]
    ) -> None:
        """Let the service remove each, all or none."""
        with transaction.atomic():
            for membership in queryset:
                remove_member(membership, actor=request.user)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyOrganisationAdmin[AuditEntry]):
    """Who did what, when."""

    permission_object = "audit"
    list_display = ["at", "who", "action", "target_type", "target_id"]
    list_filter = ["action"]
    list_select_related = ["actor"]
    search_fields = ["action", "target_id", "actor__email"]
    date_hierarchy = "at"

    @admin.display(description=_("who"))
    def who(self, entry: AuditEntry) -> str:
        """Return the person, or the system."""
        return str(entry.actor) if entry.actor else str(_("System"))


@admin.register(Outbox)
class OutboxAdmin(ReadOnlyOrganisationAdmin[Outbox]):
    """Mail on its way, and what became of it."""

    permission_object = "outbox"
    list_display = ["to", "subject", "state", "attempts", "created_at", "sent_at"]
    list_filter = ["state"]
    search_fields = ["to", "subject"]
    exclude = ["html"]
    actions = ["send_again"]

    @admin.action(description=_("Send again what failed"), permissions=["retry"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Outbox]) -> None:
        """Let failed mails start again."""
        organisation = current_organisation(request)
        if organisation is None:
            raise PermissionDenied
        retried = [mail for mail in queryset if retry_mail(mail)]
        for mail in retried:
            record_audit(request.user, organisation, "mail.retried", mail)
        transaction.on_commit(wake_worker, robust=True)
        count = len(retried)
        text = ngettext(
            "%d mail will be sent again.", "%d mails will be sent again.", count
        )
        self.message_user(request, text % count, messages.SUCCESS)


@admin.register(User)
class UserAdmin(OperatorAdmin[User]):
    """Everybody who signs in, for the operator only."""

    list_display = ["email", "name", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser"]
    search_fields = ["email", "name"]
    fields = ["email", "name", "is_active", "is_superuser", "date_joined", "last_login"]
    readonly_fields = ["email", "date_joined", "last_login"]
