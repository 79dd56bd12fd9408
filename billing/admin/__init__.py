"""Money in the back office: prices, the ledger, budgets, running sums, the kill switch."""

from billing.admin import accounts, budgets, prices, sums, usage

__all__ = ["accounts", "budgets", "prices", "sums", "usage"]
