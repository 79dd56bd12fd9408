"""`costs` prints exact figures, says what is unknown, and refuses nonsense."""

import csv
import io
import json
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from tests.factories.accounts import OrganisationFactory
from tests.factories.billing import UsageFactory

pytestmark = pytest.mark.django_db

Captured = pytest.CaptureFixture[str]


def test_costs_prints_a_table_with_its_totals(capsys: Captured) -> None:
    UsageFactory.create(
        purpose="chat", cost_usd=Decimal("1.25"), input_tokens=1_000_000
    )
    UsageFactory.create(purpose="score", cost_usd=Decimal("0.5"))

    call_command("costs")

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == ["purpose", "chat", "score", "all"]
    assert lines[1][4] == "1,000,000"
    assert [line[-2] for line in lines[1:]] == ["1.2500", "0.5000", "1.7500"]


def test_costs_says_loudly_what_is_unknown(capsys: Captured) -> None:
    UsageFactory.create(cost_usd=None)

    call_command("costs", "--json")

    said = capsys.readouterr()
    assert json.loads(said.out)["totals"]["unknown_calls"] == 1
    assert "The cost of 1 calls is UNKNOWN" in said.err


def test_costs_never_shows_an_unknown_cost_as_zero(capsys: Captured) -> None:
    UsageFactory.create(purpose="chat", cost_usd=None)
    UsageFactory.create(purpose="score", cost_usd=None)
    UsageFactory.create(purpose="score", cost_usd=Decimal("0.5"))

    call_command("costs")

    _heading, score, chat, whole = capsys.readouterr().out.splitlines()
    assert score.split()[-4:-1] == ["0.5000", "+", "unknown"]
    assert chat.split()[-3:-1] == ["0", "unknown"]
    assert whole.split()[-4:-1] == ["0.5000", "+", "unknown"]


def test_costs_json_has_money_as_exact_text(capsys: Captured) -> None:
    UsageFactory.create(
        model="claude-a",
        cost_usd=Decimal("0.000000000001"),
        saved_usd=Decimal("-123456.000000000001"),
    )

    call_command("costs", "--by", "model", "--json")

    facts = json.loads(capsys.readouterr().out)
    assert facts["by"] == "model"
    (line,) = facts["lines"]
    assert (line["key"], line["calls"]) == ("claude-a", 1)
    assert line["cost_usd"] == "0.000000000001"
    assert line["saved_usd"] == "-123456.000000000001"


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@sum", "'@sum"),
        ("-1", "'-1"),
        ("+1", "'+1"),
        ('a "b", c', 'a "b", c'),
    ],
)
def test_costs_csv_has_no_formulas(key: str, written: str, capsys: Captured) -> None:
    UsageFactory.create(group=key, saved_usd=Decimal("-0.1"))

    call_command("costs", "--by", "group", "--csv")

    (line,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert line["group"] == written
    assert Decimal(line["saved_usd"]) == Decimal("-0.1")
    assert Decimal(line["cost_usd"]) == Decimal("0.00105")


def test_costs_narrows_to_days_organisation_purpose_and_model(capsys: Captured) -> None:
    organisation = OrganisationFactory.create(slug="acme")
    wanted = {
        "payer": str(organisation.pk),
        "day": date(2026, 11, 2),
        "purpose": "chat",
        "model": "claude-a",
    }
    UsageFactory.create(**wanted)
    UsageFactory.create(**wanted | {"day": date(2026, 11, 3)})
    for other in (
        {"payer": "another"},
        {"day": date(2026, 11, 1)},
        {"day": date(2026, 11, 4)},
        {"purpose": "score"},
        {"model": "claude-b"},
        {"is_simulated": True},
    ):
        UsageFactory.create(**wanted | other)
    options = ["--organisation", "acme", "--purpose", "chat", "--model", "claude-a"]
    options += ["--from", "2026-11-02", "--to", "2026-11-03"]

    call_command("costs", "--by", "day", "--json", *options)

    facts = json.loads(capsys.readouterr().out)
    assert [(line["key"], line["calls"]) for line in facts["lines"]] == [
        ("2026-11-02", 1),
        ("2026-11-03", 1),
    ]


def test_costs_shows_simulated_calls_alone_and_says_so(capsys: Captured) -> None:
    UsageFactory.create(purpose="rehearsal", is_simulated=True)
    UsageFactory.create(purpose="chat")

    call_command("costs", "--simulated")

    said = capsys.readouterr().out
    assert said.startswith("Simulated calls")
    assert "rehearsal" in said
    assert "chat" not in said


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--by", "colour"], "invalid choice"),
        (["--from", "2026-11-31"], "“2026-11-31” is not a day"),
        (["--from", "20261101"], "is not a day"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "is before"),
        (["--organisation", "unknown"], "no organisation “unknown”"),
        (["--csv", "--json"], "not allowed with"),
    ],
)
def test_costs_says_what_is_wrong(arguments: list[str], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("costs", *arguments)
