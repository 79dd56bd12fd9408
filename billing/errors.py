"""Why a call may not be made."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from base.errors import DomainError
from billing.enums import Scope


class BillingError(DomainError):
    """Base of this app's errors."""

    code = "billing_error"


class BudgetExceededError(BillingError):
    """A hard limit leaves no room for the call; nothing was sent or spent."""

    code = "budget_exceeded"
    status = 402

    def __init__(
        self, scope: Scope, *, purpose: str, spent: Decimal, limit: Decimal
    ) -> None:
        super().__init__(_("The budget for this is used up."))
        self.scope = scope
        self.purpose = purpose
        self.spent = spent
        self.limit = limit


class SpendingStoppedError(BillingError):
    """Somebody pulled the kill switch, for this payer or for everybody."""

    code = "spending_stopped"
    status = 402

    def __init__(self) -> None:
        super().__init__(_("Spending is stopped at the moment."))


class PriceFileError(BillingError):
    """A price file cannot be read; the message says where."""

    code = "price_file"
    status = 422


class UsageFileError(BillingError):
    """A provider's usage export cannot be read; the message names the line."""

    code = "usage_file"
    status = 422
