"""Prices by date, the usage ledger, its daily sums, and what holds spending in bounds."""

from billing.models.budgets import (
    Account,
    Budget,
    BudgetAlert,
    Reservation,
    SpendWindow,
)
from billing.models.days import UsageDay
from billing.models.prices import MeterPrice, ModelPrice
from billing.models.usage import Usage

__all__ = [
    "Account",
    "Budget",
    "BudgetAlert",
    "MeterPrice",
    "ModelPrice",
    "Reservation",
    "SpendWindow",
    "Usage",
    "UsageDay",
]
