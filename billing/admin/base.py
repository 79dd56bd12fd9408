"""What the money pages share: who the operator is, how dollars and states look."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from accounts.access import current_organisation
from accounts.admin_base import M, OrganisationAdmin
from accounts.models import User
from billing.fields import UsdField
from billing.services.windows import INSTALLATION

_CENTS = Decimal("0.01")


class MoneyMedia:
    """The style sheet of these pages and inputs for dollars; mix into a page."""

    formfield_overrides: ClassVar[
        Mapping[type[models.Field[Any, Any]], Mapping[str, Any]]
    ] = {UsdField: {"widget": UnfoldAdminDecimalFieldWidget, "min_value": 0}}

    class Media:
        css = {"all": ["css/back_office.css"]}


class PayerAdmin(MoneyMedia, OrganisationAdmin[M]):
    """Rows of the organisation; the operator also sees the whole installation's."""

    organisation_path = "payer"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[M]:
        """Add the rows without a payer for the operator."""
        if not is_operator(request):
            return super().get_queryset(request)
        # Past the base, which would narrow to the organisation alone.
        rows = super(OrganisationAdmin, self).get_queryset(request)
        payers = {INSTALLATION, payer_of(request)}
        return rows.filter(**{f"{self.organisation_path}__in": payers})


def is_operator(request: HttpRequest) -> bool:
    """Say whether the installation is this person's to run."""
    return isinstance(request.user, User) and request.user.is_superuser


def payer_of(request: HttpRequest) -> str:
    """Return the payer a request is about: its organisation."""
    organisation = current_organisation(request)
    return str(organisation.pk) if organisation else INSTALLATION


def trim_zeros(amount: Decimal) -> Decimal:
    """Return the amount with at least cents and no zeros beyond them."""
    trimmed = amount.normalize()
    exponent = trimmed.as_tuple().exponent
    is_fine = isinstance(exponent, int) and exponent <= -2
    return trimmed if is_fine else trimmed.quantize(_CENTS)


def say_usd(amount: Decimal) -> str:
    """Return dollars exactly, with at least cents."""
    return f"{trim_zeros(amount):,f}"


def say_limit(amount: Decimal | None) -> str:
    """Return a limit, or that there is none."""
    return _("no limit") if amount is None else say_usd(amount)


def status_mark(words: object, tone: str = "") -> str:
    """Return a state as words with a small mark."""
    return format_html('<span class="bo-status {}">{}</span>', tone, words)


def simulated_mark(*, is_simulated: bool) -> str:
    """Return whose money it is: nobody's, where the simulator answered."""
    return status_mark(_("simulated"), "warning") if is_simulated else _("real")
