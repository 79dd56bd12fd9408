"""Reports say what the ledger says: exact sums, unknown costs apart, nothing simulated."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.enums import Outcome
from billing.models import Usage
from billing.reports import (
    DIMENSIONS,
    Filter,
    Forecast,
    ReferenceCosts,
    Totals,
    forecast_month,
    reference_costs,
    reference_lines,
    report,
    totals,
    totals_of_references,
)
from billing.services.calls import Call
from billing.services.ledger import Report, correct_cost, record_call
from tests.factories.billing import ModelPriceFactory, UsageFactory

pytestmark = pytest.mark.django_db

EVERYTHING = Filter(None, None, None)
OURS = Filter("ours", None, None)


def use(
    cost: str | None = "1", *, day: date = date(2026, 11, 1), **values: Any
) -> Usage:
    return UsageFactory.create(
        **{
            "payer": "ours",
            "cost_usd": None if cost is None else Decimal(cost),
            "day": day,
            "at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
            **values,
        }
    )


def keys_and_costs(which: Filter, by: str) -> list[tuple[str, Decimal]]:
    return [(line.key, line.totals.cost_usd) for line in report(which, by)]


def test_totals_add_every_figure_up() -> None:
    use(
        "0.000000000001",
        input_tokens=10,
        cache_write_5m_tokens=3,
        cache_write_1h_tokens=4,
        cache_read_tokens=183,
        output_tokens=50,
        thinking_tokens=20,
        audio_input_tokens=5,
        audio_cached_tokens=6,
        audio_output_tokens=7,
        saved_usd=Decimal("-0.25"),
    )
    use(
        "1000000.000000000002",
        outcome=Outcome.TIMED_OUT,
        input_tokens=0,
        output_tokens=1,
        saved_usd=Decimal("0.75"),
    )

    found = totals(OURS)

    assert found == Totals(
        calls=2,
        failed_calls=1,
        unknown_calls=0,
        input_tokens=10,
        cache_write_tokens=7,
        cache_read_tokens=183,
        output_tokens=51,
        thinking_tokens=20,
        audio_tokens=18,
        cost_usd=Decimal("1000000.000000000003"),
        saved_usd=Decimal("0.5"),
    )
    assert found.prompt_tokens == 200
    assert found.cache_share == pytest.approx(0.915)


def test_totals_of_nothing_are_zero() -> None:
    assert totals(OURS) == Totals()
    assert totals(OURS).cache_share == 0


@pytest.mark.parametrize("outcome", Outcome.values)
def test_failed_calls_are_those_that_met_trouble(outcome: str) -> None:
    use(outcome=outcome)

    is_trouble = outcome in {"failed", "timed_out", "interrupted", "lost"}
    assert totals(OURS).failed_calls == is_trouble


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        (OURS, "11111"),
        (EVERYTHING, "211111"),
        (replace(OURS, start=date(2026, 11, 2)), "11101"),
        (replace(OURS, end=date(2026, 11, 2)), "10"),
        (replace(OURS, start=date(2026, 11, 2), end=date(2026, 11, 3)), "101"),
        (replace(OURS, purpose="score"), "100"),
        (replace(OURS, model="claude-other"), "1000"),
        (replace(OURS, group="7"), "10000"),
        (replace(OURS, reference="second"), "1"),
        (replace(OURS, is_simulated=True), "5"),
    ],
    ids=[
        "one payer",
        "the installation",
        "from a day",
        "until before a day",
        "one day",
        "purpose",
        "model",
        "group",
        "reference",
        "simulated",
    ],
)
def test_filter_counts_only_its_rows(narrowed: Filter, expected: str) -> None:
    use("1", day=date(2026, 11, 2), reference="second")
    use("10", day=date(2026, 11, 1))
    use("100", day=date(2026, 11, 2), purpose="score")
    use("1000", day=date(2026, 11, 3), model="claude-other")
    use("10000", day=date(2026, 11, 4), group="7")
    use("5", day=date(2026, 11, 2), is_simulated=True)
    use("200000", day=date(2026, 12, 1), payer="theirs")

    assert totals(narrowed).cost_usd == Decimal(expected)


def test_metered_quantity_costs_and_is_no_call() -> None:
    use("2")
    use("4", meter="sandbox.ms", quantity=5, outcome=Outcome.FAILED)
    use(None, meter="egress.bytes", quantity=5)

    for found in (totals(OURS), totals(replace(OURS, reference="interview:1"))):
        assert (found.calls, found.failed_calls, found.unknown_calls) == (1, 0, 1)
        assert found.cost_usd == 6


def test_call_of_unknown_cost_adds_nothing_and_is_counted() -> None:
    use("2")
    use(None, bound_usd=Decimal(9))

    found = totals(OURS)

    assert (found.calls, found.unknown_calls, found.cost_usd) == (2, 1, Decimal(2))


def test_correction_counts_with_its_difference_and_is_no_call() -> None:
    usage = use("2")
    correct_cost(usage, Decimal("1.5"), note="invoice")

    found = totals(OURS)

    assert (found.calls, found.cost_usd) == (1, Decimal("1.5"))


def test_corrected_unknown_cost_is_known_by_every_dimension() -> None:
    still_unknown = use(None, purpose="score")
    usage = use(None, purpose="chat")
    correct_cost(usage, Decimal(3), note="invoice")

    by_purpose = {line.key: line.totals for line in report(OURS, "purpose")}

    assert by_purpose["chat"].unknown_calls == 0
    assert by_purpose["chat"].cost_usd == 3
    assert by_purpose["score"].unknown_calls == 1
    assert still_unknown.cost_usd is None
    assert totals(OURS).unknown_calls == 1


def test_lost_call_that_came_back_without_a_price_stays_one_unknown_call() -> None:
    lost = use(None, outcome=Outcome.LOST)
    record_call(
        Call("ours", "interview:1", "anthropic", "claude-unheard-of", "turn"),
        Report(Outcome.FINISHED, raw={"input_tokens": 4}),
        bound=Decimal(1),
        at=lost.at,
        corrects=lost,
    )

    found = totals(OURS)

    assert (found.calls, found.unknown_calls) == (1, 1)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("purpose", [("score", 30), ("turn", 3)]),
        ("model", [("claude-b", 32), ("claude-a", 1)]),
        ("day", [("2026-10-31", 2), ("2026-11-01", 1), ("2026-11-02", 30)]),
        ("month", [("2026-10", 2), ("2026-11", 31)]),
        ("group", [("", 30), ("7", 3)]),
        ("reference", [("interview:2", 30), ("interview:1", 3)]),
        ("payer", [("theirs", 30), ("ours", 3)]),
        ("outcome", [("finished", 31), ("failed", 2)]),
        ("key", [("main", 31), ("spare", 2)]),
        ("meter", [("tokens", 31), ("sandbox.ms", 2)]),
        ("provider", [("openai", 30), ("anthropic", 3)]),
    ],
)
def test_report_by_each_dimension(by: str, expected: list[tuple[str, int]]) -> None:
    use("1", group="7", model="claude-a", key_label="main")
    use(
        "2",
        day=date(2026, 10, 31),
        group="7",
        model="claude-b",
        outcome=Outcome.FAILED,
        key_label="spare",
        meter="sandbox.ms",
    )
    use(
        "30",
        day=date(2026, 11, 2),
        payer="theirs",
        purpose="score",
        model="claude-b",
        reference="interview:2",
        provider="openai",
        key_label="main",
    )

    assert keys_and_costs(EVERYTHING, by) == [
        (key, Decimal(cost)) for key, cost in expected
    ]


@pytest.mark.parametrize("by", DIMENSIONS)
def test_lines_of_a_report_add_up_to_the_totals(by: str) -> None:
    for number in range(12):
        use(
            None if number % 5 == 0 else f"0.{number:012}",
            day=date(2026, 10, 25) + timedelta(days=number),
            purpose=f"purpose {number % 2}",
            model=f"model {number % 3}",
            outcome=Outcome.values[number % 4],
            reference=str(number % 5),
        )

    assert sum((line.totals for line in report(OURS, by)), Totals()) == totals(OURS)


def test_report_by_an_unknown_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="colour is none of purpose, model"):
        report(OURS, "colour")


def test_reference_lines_keep_simulated_and_unknown_apart() -> None:
    use("1", purpose="chat", model="claude-a")
    use("2", purpose="chat", model="claude-a")
    use("4", purpose="chat", model="claude-a", is_simulated=True)
    use(None, purpose="score", model="claude-b")
    use("8", reference="another")

    lines = [
        (
            line.purpose,
            line.model,
            line.is_simulated,
            line.totals.calls,
            line.totals.unknown_calls,
            line.totals.cost_usd,
        )
        for line in reference_lines("interview:1")
    ]

    assert lines == [
        ("chat", "claude-a", False, 2, 0, Decimal(3)),
        ("chat", "claude-a", True, 1, 0, Decimal(4)),
        ("score", "claude-b", False, 1, 1, Decimal(0)),
    ]


def test_totals_of_references_are_of_real_calls_only() -> None:
    use("1", reference="first")
    use(None, reference="first")
    use("2", reference="second", is_simulated=True)
    use("4", reference="third")

    found = totals_of_references(["first", "second"])

    assert {
        key: (line.cost_usd, line.unknown_calls) for key, line in found.items()
    } == {"first": (Decimal(1), 1)}


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([], (0, "0", "0", "0", "0")),
        (["5"], (1, "5", "5", "5", "5")),
        (["4", "1"], (2, "5", "2.5", "4", "4")),
        (["9", "1", "2"], (3, "12", "2", "9", "9")),
        # The 95th percentile of 1 to 20 is the 19th, of 1 to 21 the 20th.
        ([str(n) for n in range(1, 21)], (20, "210", "10.5", "19", "20")),
        ([str(n) for n in range(1, 22)], (21, "231", "11", "20", "21")),
    ],
    ids=["none", "one", "two", "three", "twenty", "twenty-one"],
)
def test_reference_costs(costs: list[str], expected: tuple[int, str]) -> None:
    for number, cost in enumerate(costs):
        use(cost, reference=f"interview:{number}")

    count, *amounts = expected
    assert reference_costs(OURS) == ReferenceCosts(count, *map(Decimal, amounts))


def test_reference_costs_add_a_references_rows_and_leave_out_what_has_none() -> None:
    use("1", reference="first")
    use("2.5", reference="first")
    use(None, reference="first")
    use(None, reference="unknown only")
    use("100", reference="")
    use("100", reference="rehearsal", is_simulated=True)

    found = reference_costs(OURS)

    assert (found.count, found.total_usd) == (1, Decimal("3.5"))


def test_forecast_goes_by_the_mean_of_28_complete_days() -> None:
    today = date(2026, 11, 21)
    use("1000", day=date(2026, 10, 1))
    use("28", day=date(2026, 10, 24))  # the 28th day before today
    use("28", day=date(2026, 11, 10))
    use("3", day=today)
    use(None, day=today)
    use("500", day=date(2026, 11, 22))  # tomorrow
    use("70", day=today, payer="theirs")
    use("70", day=today, is_simulated=True)

    # 31 spent in November so far; 56 / 28 = 2 a day; 9 days are left.
    assert forecast_month(OURS, today) == Forecast(Decimal(31), Decimal(49), 28)


def test_forecast_of_a_young_payer_goes_by_the_days_it_has() -> None:
    use("6", day=date(2026, 11, 18))
    use("1", day=date(2026, 11, 21))

    # 6 over 3 complete days; 9 days are left.
    found = forecast_month(OURS, date(2026, 11, 21))

    assert found == Forecast(Decimal(7), Decimal(25), 3)


@pytest.mark.parametrize("cost", ["0", "4"], ids=["nothing", "only today"])
def test_forecast_without_a_complete_day_expects_nothing_more(cost: str) -> None:
    use(cost, day=date(2026, 11, 21))

    found = forecast_month(OURS, date(2026, 11, 21))

    assert found == Forecast(Decimal(cost), Decimal(cost), 0)


def test_forecast_of_the_last_day_expects_what_is_spent() -> None:
    use("6", day=date(2026, 11, 29))

    found = forecast_month(OURS, date(2026, 11, 30))

    assert found == Forecast(Decimal(6), Decimal(6), 1)


def test_forecast_after_idle_weeks_counts_the_idle_days() -> None:
    use("6", day=date(2026, 9, 1))

    found = forecast_month(OURS, date(2026, 11, 21))

    assert found == Forecast(Decimal(0), Decimal(0), 28)


def test_priced_call_reaches_the_report_exactly() -> None:
    ModelPriceFactory.create(model="claude-a")
    record_call(
        Call("ours", "interview:1", "anthropic", "claude-a", "chat"),
        Report(Outcome.FINISHED, raw={"input_tokens": 7, "output_tokens": 3}),
        bound=Decimal(1),
        at=datetime(2026, 11, 1, 23, 59, tzinfo=UTC),
    )

    # 7 × 3 + 3 × 15 dollars per million
    assert keys_and_costs(OURS, "day") == [("2026-11-01", Decimal("0.000066"))]
