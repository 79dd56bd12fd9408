"""Bring rows from before over: exact money, days, outcomes, and their running sums."""

from collections import defaultdict
from datetime import UTC, date
from decimal import Decimal
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# The judge wrote its stop reason where the outcome belongs.
_OUTCOMES = {
    "end_turn": "finished",
    "stop_sequence": "finished",
    "tool_use": "finished",
    "max_tokens": "finished",
    "model_context_window_exceeded": "finished",
    "refusal": "refused",
}
_KNOWN = {
    "finished",
    "stopped",
    "refused",
    "failed",
    "timed_out",
    "interrupted",
    "lost",
    "correction",
}
_CHUNK = 500


def carry_over(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Fill the new columns of old rows and add the rows up."""
    usage: Any = apps.get_model("billing", "Usage")
    rows = usage.objects.order_by("pk")
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    fields = ["day", "cost_usd", "outcome", "quantity"]
    chunk: list[Any] = []
    for row in rows.iterator(chunk_size=_CHUNK):
        day = row.at.astimezone(UTC).date()
        row.day = day
        row.cost_usd = row.cost_decimal
        row.outcome = _OUTCOMES.get(row.outcome, row.outcome)
        if row.outcome not in _KNOWN:
            row.outcome = "failed"
        row.quantity = (
            row.input_tokens
            + row.cache_write_5m_tokens
            + row.cache_write_1h_tokens
            + row.cache_read_tokens
            + row.output_tokens
        )
        scopes = [("payer_month", row.payer, day.replace(day=1))]
        if row.reference:
            scopes.append(("reference", row.reference, date(1970, 1, 1)))
        for purpose in {"", row.purpose}:
            for scope, subject, starts_on in scopes:
                key = (row.payer, scope, subject, purpose, starts_on, row.is_simulated)
                sums[key] += row.cost_usd or Decimal(0)
        chunk.append(row)
        if len(chunk) == _CHUNK:
            rows.bulk_update(chunk, fields)
            chunk = []
    rows.bulk_update(chunk, fields)
    _save_sums(apps, sums)


def _save_sums(apps: Apps, sums: dict[tuple[Any, ...], Decimal]) -> None:
    window = apps.get_model("billing", "SpendWindow")
    names = ("payer", "scope", "subject", "purpose", "starts_on", "is_simulated")
    window.objects.bulk_create(
        [
            window(**dict(zip(names, key, strict=True)), spent_usd=total)
            for key, total in sums.items()
        ],
        batch_size=_CHUNK,
    )


def carry_back(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Put the money back where it was; the sums go with their table."""
    usage: Any = apps.get_model("billing", "Usage")
    rows = usage.objects.order_by("pk")
    chunk: list[Any] = []
    for row in rows.iterator(chunk_size=_CHUNK):
        row.cost_decimal = row.cost_usd
        chunk.append(row)
        if len(chunk) == _CHUNK:
            rows.bulk_update(chunk, ["cost_decimal"])
            chunk = []
    rows.bulk_update(chunk, ["cost_decimal"])


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_budgets_and_exact_money")]

    operations = [migrations.RunPython(carry_over, carry_back)]
