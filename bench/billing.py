"""What metering a call costs, and every report over a million calls.

The reports run on PostgreSQL: 20 payers, 20,000 references, one year. Beside each runs
the plain SQL somebody would write by hand over the same ledger rows. The note of a
figure says how the planner read them; all but what asks for references reads the days.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bench.database import private_postgres, set_up
from bench.figures import Figure, compare

CALLS = 100
ROWS = 1_000_000
BEFORE_DAYS = "0006_usage_days"
FILL = Path(__file__).with_name("usage.sql")
# A server with its own disk and memory: the defaults are for a spinning one and 128 MB.
SERVER = ("shared_buffers=1GB", "random_page_cost=1.1", "jit=off")
YEAR = (date(2026, 1, 1), date(2027, 1, 1))
MONTH = (date(2026, 6, 1), date(2026, 7, 1))
PAYER = "7"
_SUMS = """
    count(*) FILTER (WHERE corrects_id IS NULL AND meter = 'tokens'),
    count(*) FILTER (WHERE corrects_id IS NULL AND meter = 'tokens' AND outcome IN
        ('failed', 'timed_out', 'interrupted', 'lost')),
    count(*) FILTER (WHERE corrects_id IS NULL AND cost_usd IS NULL),
    sum(input_tokens), sum(cache_write_5m_tokens + cache_write_1h_tokens),
    sum(cache_read_tokens), sum(output_tokens), sum(thinking_tokens),
    sum(audio_input_tokens + audio_cached_tokens + audio_output_tokens),
    sum(cost_usd), sum(saved_usd)
"""
_SPREAD = """
    SELECT count(*), sum(cost), percentile_cont(0.5) WITHIN GROUP (ORDER BY cost),
        percentile_disc(0.95) WITHIN GROUP (ORDER BY cost), max(cost)
    FROM (SELECT sum(cost_usd) AS cost FROM billing_usage
          WHERE {where} AND reference <> '' AND cost_usd IS NOT NULL
          GROUP BY reference) AS per_reference
"""


def measure() -> list[Figure]:
    """Meter calls on both databases, then read a million of them."""
    set_up()
    figures = [_meter("SQLite")]
    with private_postgres(*SERVER):
        figures.append(_meter("PostgreSQL"))
        _fill()
        figures += _read()
    return figures


def _meter(database: str) -> Figure:
    """Reserve and settle calls, and insert the same rows plainly."""
    from billing.enums import Outcome  # noqa: PLC0415 -- Django must be set up first
    from billing.models import Usage  # noqa: PLC0415 -- the same
    from billing.services.calls import Call  # noqa: PLC0415 -- the same
    from billing.services.ledger import Report  # noqa: PLC0415 -- the same
    from billing.services.reservations import reserve, settle  # noqa: PLC0415 -- the same

    raw = {
        "input_tokens": 300,
        "cache_read_input_tokens": 3_000,
        "output_tokens": 1_500,
    }
    report = Report(Outcome.FINISHED, raw=raw, request_id="req_1")

    def meter() -> None:
        call = Call("1", str(uuid4()), "anthropic", "claude-sonnet-5-5", "chat", "1")
        for _call in range(CALLS):
            reservation = reserve(
                call, bound=Decimal("0.01"), expires_in=timedelta(minutes=5)
            )
            settle(reservation.pk, report)

    with CaptureQueriesContext(connection) as captured:
        meter()
    last = Usage.objects.order_by("-pk").values().first()
    assert last is not None
    fields = {name: value for name, value in last.items() if name != "id"}

    def insert() -> None:
        for _call in range(CALLS):
            with transaction.atomic():
                Usage.objects.create(**fields)

    return compare(
        f"{CALLS} calls reserved and settled on {database}",
        meter,
        baseline="plain inserts of the same ledger rows",
        run_baseline=insert,
        note=f"{len(captured) / CALLS:.0f} queries a call",
    )


def _fill() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE billing_usage CASCADE")
        cursor.execute(FILL.read_text(encoding="utf-8"), [ROWS])
    # The rows came past the services: the migration adds them up.
    call_command("migrate", "billing", BEFORE_DAYS, verbosity=0)
    call_command("migrate", "billing", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE billing_usage, billing_usageday")


def _read() -> list[Figure]:
    from billing.reports import Filter  # noqa: PLC0415 -- Django must be set up first

    scopes = {
        "one payer, a year": Filter(PAYER, *YEAR),
        "all payers, a month": Filter(None, *MONTH),
        "all payers, a year": Filter(None, *YEAR),
    }
    return [
        compare(
            f"{name}, {scope}, of {ROWS:,} calls",
            run,
            baseline="plain SQL",
            run_baseline=lambda statement=statement: _fetch(statement),  # type: ignore[misc]
            note=_plan_of(run),
        )
        for scope, which in scopes.items()
        for name, run, statement in _reports(which)
    ]


def _reports(which: Any) -> Iterator[tuple[str, Callable[[], None], str]]:
    """Yield each report with the SQL that answers the same question."""
    from billing import reports  # noqa: PLC0415 -- Django must be set up first
    from billing.reports.sums import COLUMNS  # noqa: PLC0415 -- the same

    where = f"NOT is_simulated AND day >= '{which.start}' AND day < '{which.end}'"
    who = f"payer = '{which.payer}'" if which.payer else "true"
    where += f" AND {who}"
    rows = f"FROM billing_usage WHERE {where}"
    yield "totals", lambda: _drop(reports.totals(which)), f"SELECT {_SUMS} {rows}"
    for by, column in COLUMNS.items():
        key = "date_trunc('month', day)" if by == "month" else f'"{column}"'
        yield (
            f"report by {by}",
            lambda by=by: _drop(reports.report(which, by)),  # type: ignore[misc]
            f"SELECT {key}, {_SUMS} {rows} GROUP BY 1",
        )
    yield (
        "cost per reference",
        lambda: _drop(reports.reference_costs(which)),
        _SPREAD.format(where=where),
    )
    today = which.end - timedelta(days=10)
    yield (
        "forecast",
        lambda: _drop(reports.forecast_month(which, today)),
        f"SELECT day, sum(cost_usd) FROM billing_usage WHERE NOT is_simulated AND {who} "
        f"AND day >= '{today - timedelta(days=28)}' AND day <= '{today}' GROUP BY day",
    )


def _drop(_answer: object) -> None:
    """Only the time counts."""


def _fetch(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.fetchall()


def _plan_of(run: Callable[[], None]) -> str:
    """Name how each query of a report reads the ledger."""
    with CaptureQueriesContext(connection) as captured:
        run()
    scans: dict[str, None] = {}
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {query['sql']}")
            (plan,) = cursor.fetchone()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            scans |= dict.fromkeys(_scans(plan[0]["Plan"]))
    return ", ".join(scans)


def _scans(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"].endswith("Scan"):
        parallel = "parallel " if node.get("Parallel Aware") else ""
        index = f" ({node['Index Name']})" if "Index Name" in node else ""
        yield parallel + node["Node Type"].lower() + index
    for inner in node.get("Plans", ()):
        yield from _scans(inner)
