"""Receivers of framework signals."""

from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps


def import_shipped_after_migrate(
    *, apps: Apps = installed_apps, **_kwargs: Any
) -> None:
    """Add shipped prices and budgets that are missing, if there are tables for them."""
    from billing.services.shipped import (  # noqa: PLC0415 -- models are not loaded when apps.py is
        import_shipped_budgets,
        import_shipped_prices,
    )

    try:
        apps.get_model("billing", "Budget")
    except LookupError:
        return
    import_shipped_prices()
    import_shipped_budgets()
