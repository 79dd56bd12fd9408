"""Writes: prices, the ledger, reservations, budgets."""
