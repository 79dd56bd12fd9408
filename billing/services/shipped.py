"""What ships as data: prices and default budgets, added where they are missing."""

import tomllib
from pathlib import Path

from billing.models import Budget
from billing.services.price_files import (
    add_price,
    diff_prices,
    read_price_file,
    write_columns,
)

PRICES_FILE = Path(__file__).parents[1] / "prices.toml"
BUDGETS_FILE = Path(__file__).parents[1] / "budgets.toml"
_BUDGET_KEY = ("payer", "scope", "subject", "purpose")


def import_shipped_prices(path: Path = PRICES_FILE) -> int:
    """Add the prices of the file that the tables do not have; return how many.

    A row that is there keeps its figures: an operator's correction wins. Where the
    figures are the file's, it takes over the file's word on how sure they are.
    """
    diff = diff_prices(read_price_file(path))
    for change in diff.changed:
        if not change.changes_figures:
            write_columns(change)
    return sum(add_price(entry) for entry in diff.added)


def import_shipped_budgets(path: Path = BUDGETS_FILE) -> int:
    """Add the default budgets that are missing; return how many."""
    added = 0
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["budget"]:
        values = {"payer": "", "subject": "", "purpose": "", **entry}
        key = {name: values.pop(name) for name in _BUDGET_KEY}
        added += Budget.objects.get_or_create(**key, defaults=values)[1]
    return added
