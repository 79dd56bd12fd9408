"""What budgets are held against: running sums, reservations, lines crossed."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ReadOnlyOrganisationAdmin
from billing.admin.base import MoneyMedia, PayerAdmin, say_usd, simulated_mark
from billing.enums import Scope
from billing.models import BudgetAlert, Reservation, SpendWindow
from billing.services.windows import ALWAYS


@admin.register(SpendWindow)
class SpendWindowAdmin(ReadOnlyOrganisationAdmin[SpendWindow], PayerAdmin[SpendWindow]):
    """What was spent and is reserved, by scope, period and purpose."""

    permission_object = "cost"
    list_display = [
        "scope",
        "subject_words",
        "purpose_words",
        "period",
        "spent",
        "reserved",
        "simulated",
    ]
    list_display_links = ["scope"]
    list_filter = ["scope", "purpose", "is_simulated"]
    search_fields = ["subject__exact"]
    search_help_text = _("The whole id of an interview")
    fields = [
        "scope",
        "subject_words",
        "purpose_words",
        "period",
        "spent",
        "reserved",
        "simulated",
    ]
    readonly_fields = [
        "subject_words",
        "purpose_words",
        "period",
        "spent",
        "reserved",
        "simulated",
    ]

    @admin.display(description=_("subject"), ordering="subject")
    def subject_words(self, window: SpendWindow) -> str:
        """Return what is added up; an organisation's month needs no number."""
        return "" if window.scope == Scope.PAYER_MONTH else window.subject

    @admin.display(description=_("purpose"), ordering="purpose")
    def purpose_words(self, window: SpendWindow) -> str:
        """Return the purpose, or that it is all of them."""
        return window.purpose or str(_("all"))

    @admin.display(description=_("period"), ordering="starts_on")
    def period(self, window: SpendWindow) -> str:
        """Return the month, the day, or that it is the whole time."""
        return period_of(window)

    @admin.display(description=_("spent, US dollars"), ordering="spent_usd")
    def spent(self, window: SpendWindow) -> str:
        """Return costs, and bounds where a cost is unknown."""
        return say_usd(window.spent_usd)

    @admin.display(description=_("reserved, US dollars"), ordering="reserved_usd")
    def reserved(self, window: SpendWindow) -> str:
        """Return what calls under way may still cost."""
        return say_usd(window.reserved_usd)

    @admin.display(description=_("simulated"), ordering="is_simulated")
    def simulated(self, window: SpendWindow) -> str:
        """Say whether anybody pays for it."""
        return simulated_mark(is_simulated=window.is_simulated)


def period_of(window: SpendWindow) -> str:
    """Return a running sum's period in words."""
    if window.starts_on == ALWAYS:
        return str(_("the whole time"))
    return window.starts_on.strftime(
        "%Y-%m" if window.scope == Scope.PAYER_MONTH else "%Y-%m-%d"
    )


@admin.register(Reservation)
class ReservationAdmin(MoneyMedia, ReadOnlyOrganisationAdmin[Reservation]):
    """Money put aside for calls under way, and what became of it."""

    organisation_path = "account__payer"
    permission_object = "cost"
    list_display = [
        "at",
        "purpose",
        "model",
        "reference",
        "amount",
        "state",
        "expires_at",
        "simulated",
    ]
    list_filter = ["state", "purpose", "is_simulated"]
    search_fields = ["reference__exact"]
    search_help_text = _("The whole id of an interview")
    fields = [
        "at",
        "purpose",
        "provider",
        "model",
        "reference",
        "group",
        "labels",
        "key_label",
        "amount",
        "state",
        "expires_at",
        "usage",
        "simulated",
    ]
    readonly_fields = ["amount", "simulated"]

    @admin.display(description=_("reserved, US dollars"), ordering="amount_usd")
    def amount(self, reservation: Reservation) -> str:
        """Return the bound put aside."""
        return say_usd(reservation.amount_usd)

    @admin.display(description=_("simulated"), ordering="is_simulated")
    def simulated(self, reservation: Reservation) -> str:
        """Say whether anybody pays for it."""
        return simulated_mark(is_simulated=reservation.is_simulated)


@admin.register(BudgetAlert)
class BudgetAlertAdmin(ReadOnlyOrganisationAdmin[BudgetAlert], PayerAdmin[BudgetAlert]):
    """Lines of budgets that were crossed, and whether people were told."""

    organisation_path = "window__payer"
    permission_object = "budget"
    list_display = [
        "at",
        "scope",
        "subject",
        "purpose",
        "period",
        "level",
        "spent",
        "limit",
        "told_at",
        "simulated",
    ]
    list_filter = ["level", "window__scope", "window__is_simulated"]
    list_select_related = ["window"]
    search_fields = ["window__subject__exact"]
    search_help_text = _("The whole id of an interview")
    fields = [
        "at",
        "scope",
        "subject",
        "purpose",
        "period",
        "level",
        "spent",
        "limit",
        "told_at",
        "simulated",
    ]
    readonly_fields = [
        "scope",
        "subject",
        "purpose",
        "period",
        "spent",
        "limit",
        "simulated",
    ]

    @admin.display(description=_("over"))
    def scope(self, alert: BudgetAlert) -> str:
        """Return over what the budget adds up."""
        return alert.window.get_scope_display()

    @admin.display(description=_("subject"))
    def subject(self, alert: BudgetAlert) -> str:
        """Return which one."""
        window = alert.window
        return "" if window.scope == Scope.PAYER_MONTH else window.subject

    @admin.display(description=_("purpose"))
    def purpose(self, alert: BudgetAlert) -> str:
        """Return the purpose, or that it is all of them."""
        return alert.window.purpose or str(_("all"))

    @admin.display(description=_("period"))
    def period(self, alert: BudgetAlert) -> str:
        """Return the running sum's period."""
        return period_of(alert.window)

    @admin.display(description=_("spent, US dollars"), ordering="spent_usd")
    def spent(self, alert: BudgetAlert) -> str:
        """Return what was spent at that moment."""
        return say_usd(alert.spent_usd)

    @admin.display(description=_("limit, US dollars"), ordering="limit_usd")
    def limit(self, alert: BudgetAlert) -> str:
        """Return the limit as it was then."""
        return say_usd(alert.limit_usd)

    @admin.display(description=_("simulated"))
    def simulated(self, alert: BudgetAlert) -> str:
        """Say whether anybody pays for it."""
        return simulated_mark(is_simulated=alert.window.is_simulated)
