"""Who is told that a budget reached a line, and in which words."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.access import is_permitted
from accounts.enums import Role
from accounts.models import Organisation, User
from accounts.permissions import VIEW
from accounts.services.mail import queue_mail
from billing.enums import AlertLevel, Scope
from billing.models import BudgetAlert, SpendWindow
from billing.purposes import purpose_label
from interviewlm.costs.words import format_usd
from interviewlm.events import BudgetReached
from interviews.admin.pages import review_path
from interviews.enums import Origin
from interviews.models import Interview
from interviews.timeline.log import append_event

_WORTH_A_MAIL = (AlertLevel.SOFT, AlertLevel.ALL)
_PAYERS = (Role.OWNER, Role.FINANCE)


def tell_people(alert: BudgetAlert) -> None:
    """Queue the mails about an alert and note an interview's in its timeline.

    Part of the caller's transaction. An alert about something that is no longer
    there is told to nobody.
    """
    scope = Scope(alert.window.scope)
    if scope == Scope.KEY_DAY:
        _tell_operators(alert)
        return
    organisation = _find_organisation(alert.window.payer)
    if organisation is None:
        return
    if scope == Scope.PAYER_MONTH:
        for member in _members(organisation, _PAYERS):
            _mail(alert, organisation, member, {"name": organisation.name})
        return
    interview = _find_interview(organisation, alert.window.subject)
    if interview is not None:
        _tell_of_interview(alert, interview)


def _tell_operators(alert: BudgetAlert) -> None:
    for operator in User.objects.filter(is_active=True, is_superuser=True):
        _mail(alert, None, operator, {"name": alert.window.subject})


def _tell_of_interview(alert: BudgetAlert, interview: Interview) -> None:
    if AlertLevel(alert.level) in _WORTH_A_MAIL:
        context = {
            "name": interview.candidate,
            "assessment": interview.assessment_version,
            "review_url": f"{settings.PUBLIC_URL}{review_path(interview)}",
        }
        for person in _responsible(interview):
            _mail(alert, interview.organisation, person, context)
    window = alert.window
    event = BudgetReached(
        level=alert.level,
        scope=window.scope,
        purpose=window.purpose,
        spent_usd=alert.spent_usd,
        limit_usd=alert.limit_usd,
        is_simulated=window.is_simulated,
    )
    append_event(interview, event, origin=Origin.SYSTEM)


def _responsible(interview: Interview) -> Iterable[User]:
    """Return who invited, if they still see money here; the owners otherwise."""
    organisation, inviter = interview.organisation, interview.invitation.invited_by
    if inviter is not None and is_permitted(inviter, organisation, VIEW, "cost"):
        return [inviter]
    return _members(organisation, (Role.OWNER,))


def _members(organisation: Organisation, roles: Iterable[Role]) -> Iterable[User]:
    return User.objects.filter(
        is_active=True,
        memberships__organisation=organisation,
        memberships__role__in=list(roles),
    ).order_by("pk")


def _find_organisation(payer: str) -> Organisation | None:
    found = Organisation.objects.filter(pk=int(payer)) if payer.isdecimal() else None
    return found.first() if found is not None else None


def _find_interview(organisation: Organisation, reference: str) -> Interview | None:
    try:
        pk = UUID(reference)
    except ValueError:
        return None
    return (
        Interview.objects.filter(pk=pk, organisation=organisation)
        .select_related(
            "organisation", "candidate", "assessment_version", "invitation__invited_by"
        )
        .first()
    )


def _mail(
    alert: BudgetAlert,
    organisation: Organisation | None,
    to: User,
    context: dict[str, Any],
) -> None:
    window = alert.window
    queue_mail(
        organisation,
        to=to.email,
        template="budget_alert",
        context={
            "scope": window.scope,
            "level": alert.level,
            "spent": format_usd(alert.spent_usd),
            "limit": format_usd(alert.limit_usd),
            "purpose": purpose_label(window.purpose) if window.purpose else "",
            "period": _period_of(window),
            "is_simulated": window.is_simulated,
            "budgets_url": (
                f"{settings.PUBLIC_URL}{reverse('admin:billing_budget_changelist')}"
            ),
            **context,
        },
    )


def _period_of(window: SpendWindow) -> str:
    if window.scope == Scope.PAYER_MONTH:
        return _("in %(month)s") % {"month": date_format(window.starts_on, "F Y")}
    if window.scope == Scope.KEY_DAY:
        day = date_format(window.starts_on, "j F Y")
        return _("on %(day)s (UTC)") % {"day": day}
    return _("in all")
