"""The kill switch: an organisation's account, and the whole installation's."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Case, CharField, Exists, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.forms import ActionForm as UnfoldActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.access import current_organisation
from accounts.admin_base import ReadOnlyOrganisationAdmin
from billing.admin.base import PayerAdmin, is_operator, payer_of, status_mark
from billing.models import Account
from billing.services.kill_switch import switch_off, switch_on
from billing.services.windows import INSTALLATION


class StopForm(UnfoldActionForm):  # type: ignore[misc]
    """The choice of an action, and why."""

    reason = forms.CharField(
        label="",
        required=False,
        widget=UnfoldAdminTextInputWidget(
            {"placeholder": _("Why"), "aria-label": _("Why")}
        ),
    )


@admin.register(Account)
class AccountAdmin(ReadOnlyOrganisationAdmin[Account], PayerAdmin[Account]):
    """Who pays, and whether spending is stopped. Stopping takes effect at once."""

    permission_object = "spending"
    action_form = StopForm
    actions = ["stop", "resume"]
    list_display = ["name", "state", "stop_reason"]
    list_display_links = ["name"]
    fields = ["name", "state", "stopped_at", "stop_reason", "created_at"]
    readonly_fields = ["name", "state", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        """Name each account, and say with each whether everybody is stopped."""
        organisation = current_organisation(request)
        everybody = Account.objects.filter(payer=INSTALLATION, stopped_at__isnull=False)
        return (
            super()
            .get_queryset(request)
            .annotate(
                shown_name=Case(
                    When(payer=INSTALLATION, then=Value(str(_("whole installation")))),
                    default=Value(organisation.name if organisation else ""),
                    output_field=CharField(),
                ),
                is_everybody_stopped=Exists(everybody),
            )
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show an account before its first call, so that it can be stopped first."""
        if self.is_permitted(request, "stop"):
            Account.objects.get_or_create(payer=payer_of(request))
        if is_operator(request):
            Account.objects.get_or_create(payer=INSTALLATION)
        return super().changelist_view(request, extra_context)

    @admin.display(description=_("account"), ordering="payer")
    def name(self, account: Account) -> str:
        """Return whose account it is."""
        return str(getattr(account, "shown_name", account))

    @admin.display(description=_("spending"))
    def state(self, account: Account) -> str:
        """Return whether calls are made."""
        if account.stopped_at is not None:
            since = date_format(account.stopped_at, "Y-m-d H:i e")
            return status_mark(
                _("stopped since %(since)s") % {"since": since}, "danger"
            )
        if getattr(account, "is_everybody_stopped", False):
            return status_mark(_("stopped for everybody by the operator"), "danger")
        return status_mark(_("running"), "good")

    @admin.action(description=_("Stop spending"), permissions=["stop"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        """Refuse every further call; what is under way ends by itself."""
        reason = request.POST.get("reason", "")
        accounts = list(queryset)
        for account in accounts:
            switch_off(account.payer, reason=reason, actor=request.user)
        text = ngettext(
            "Spending is stopped for %d account: no further call is made.",
            "Spending is stopped for %d accounts: no further call is made.",
            len(accounts),
        )
        self.message_user(request, text % len(accounts), messages.SUCCESS)

    @admin.action(description=_("Resume spending"), permissions=["resume"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        """Allow calls again."""
        count = sum(
            switch_on(account.payer, actor=request.user) for account in queryset
        )
        text = ngettext(
            "Spending goes on for %d account.",
            "Spending goes on for %d accounts.",
            count,
        )
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % count, level)
