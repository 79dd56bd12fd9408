"""The ledger beside the provider's exports, down to the line that differs."""

import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from billing.errors import UsageFileError
from billing.reconcile import reconcile
from billing.usage_files import BilledLine, normalise_model, read_usage_file
from tests.factories.billing import UsageFactory

DAY = date(2026, 11, 1)
USAGE = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,"
    "usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,"
    "usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens,web_search_count,inference_geo,speed\n"
)
COST = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,"
    "cost_usd,list_price_usd,cost_type,inference_geo,speed\n"
)


def read(text: str) -> list[BilledLine]:
    return read_usage_file(io.StringIO(text, newline=""))


def test_usage_export_is_read() -> None:
    lines = read(
        USAGE + "2026-11-01,claude-haiku-4-5-20251001,main,Default,standard,≤ 200k,"
        '"1,000",20,30,400,50,0,global,\n'
    )

    assert lines == [
        BilledLine(
            DAY,
            "claude-haiku-4-5",
            {
                "input_tokens": Decimal(1000),
                "cache_write_5m_tokens": Decimal(20),
                "cache_write_1h_tokens": Decimal(30),
                "cache_read_tokens": Decimal(400),
                "output_tokens": Decimal(50),
            },
        )
    ]


def test_cost_export_is_read() -> None:
    lines = read(
        COST + "2026-11-01,Claude Opus 5.5,Default,main,message,≤ 200k,input_no_cache,"
        "0.05,0.10,token,global,\n"
    )

    assert lines == [BilledLine(DAY, "claude-opus-5-5", {"cost_usd": Decimal("0.05")})]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffusage_date_utc,model,cost_usd\r\n2026-11-01,claude-a,1.5\r\n\r\n",
        "Usage Date (UTC);Model;Cost (USD)\n2026-11-01;claude-a;$1.50\n",
        "date\tmodel\tcost\n2026/11/1\tclaude-a\t1.5\n",
        "starting_at,model,cost_usd\n2026-11-01T00:00:00Z,Claude A,15e-1\n",
    ],
    ids=["byte order mark", "semicolons", "tabs", "time"],
)
def test_other_spellings_are_read(text: str) -> None:
    assert read(text) == [BilledLine(DAY, "claude-a", {"cost_usd": Decimal("1.5")})]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Line 1: there is no column for the day"),
        ("day,cost\n", "Line 1: there is no column for the model"),
        ("day,model,colour\n", "Line 1: there is no column of tokens or of cost"),
        ("day,model,cost\n", "no lines"),
        ("day,model,cost\n2026-11-01,a,1\n2026-11-31,a,1\n", "Line 3: “2026-11-31”"),
        ("day,model,cost\n2026-11-01T00:00:00+02:00,a,1\n", "Line 2: .* no day in UTC"),
        ('day,model,cost\n2026-11-01,a,"0,05"\n', "Line 2: “0,05” in the column cost"),
        ("day,model,output\n2026-11-01,a,1.5\n", "Line 2: “1.5”"),
        ("day,model,output\n2026-11-01,a,NaN\n", "Line 2: “NaN”"),
        ("day,model,cost\n\n2026-11-01,a\n", "Line 3: 2 columns instead of 3"),
    ],
    ids=[
        "empty",
        "no model",
        "no figures",
        "no lines",
        "no such day",
        "another time zone",
        "decimal comma",
        "half a token",
        "not a number",
        "short line",
    ],
)
def test_unreadable_file_is_refused_by_its_line(text: str, reason: str) -> None:
    with pytest.raises(UsageFileError, match=reason):
        read(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Claude Sonnet 5.5", "claude-sonnet-5-5"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("claude-opus-5", "claude-opus-5"),
    ],
)
def test_spellings_of_a_model_come_together(name: str, expected: str) -> None:
    assert normalise_model(name) == expected


def billed(**figures: str) -> BilledLine:
    values = {name: Decimal(value) for name, value in figures.items()}
    return BilledLine(DAY, "claude-a", values)


def test_lines_of_a_day_and_model_are_added_up_and_agree() -> None:
    found = reconcile(
        [billed(cost_usd="0.5"), billed(cost_usd="0.25")],
        {(DAY, "claude-a"): {"cost_usd": Decimal("0.75"), "input_tokens": Decimal(9)}},
    )

    assert (found.compared, found.lines) == (1, ())
    assert [difference.figure for difference in found.whole] == ["cost_usd"]
    assert found.is_within(Decimal(0))


@pytest.mark.parametrize(
    ("recorded", "percent", "is_within"),
    [("101", "1", True), ("99", "-1", True), ("101.01", "1.01", False)],
)
def test_whole_may_differ_by_the_tolerance(
    recorded: str, percent: str, is_within: bool
) -> None:
    found = reconcile(
        [billed(cost_usd="100")],
        {(DAY, "claude-a"): {"cost_usd": Decimal(recorded)}},
    )

    assert found.whole[0].percent == Decimal(percent)
    assert found.is_within(Decimal(1)) is is_within


def test_line_on_one_side_only_says_which() -> None:
    found = reconcile(
        [billed(output_tokens="10")], {(DAY, "claude-b"): {"output_tokens": Decimal(5)}}
    )

    assert [(line.model, line.is_missing) for line in found.lines] == [
        ("claude-a", "ledger"),
        ("claude-b", "bill"),
    ]
    assert found.lines[1].figures[0].percent is None
    assert found.whole[0].percent == -50


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A day's usage: 300 tokens in, 40 written, 60 read, 100 out."""
    path = tmp_path / "usage.csv"
    path.write_text(
        USAGE + "2026-11-01,claude-test,main,Default,standard,≤ 200k,"
        "200,30,10,60,100,0,global,\n"
        "2026-11-01,claude-test,spare,Default,standard,≤ 200k,100,0,0,0,0,0,global,\n",
        encoding="utf-8",
    )
    return path


def record(output_tokens: int, **values: object) -> None:
    UsageFactory.create(
        **{
            "input_tokens": 300,
            "cache_write_5m_tokens": 30,
            "cache_write_1h_tokens": 10,
            "cache_read_tokens": 60,
            "output_tokens": output_tokens,
            **values,
        }
    )


@pytest.mark.django_db
def test_reconcile_command_agrees_with_the_real_calls_of_those_days(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(100)
    record(500, is_simulated=True)
    record(500, provider="openai")
    record(500, day=date(2026, 11, 2))

    call_command("reconcile", str(export))

    assert "2026-11-01 to 2026-11-01: 0 of 1 lines differ." in capsys.readouterr().out


@pytest.mark.django_db
def test_reconcile_command_lists_what_differs_and_fails(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(110)
    record(0, model="claude-unbilled", cost_usd=None)

    with pytest.raises(SystemExit) as ended:
        call_command("reconcile", str(export), "--json")

    said = capsys.readouterr()
    facts = json.loads(said.out)
    assert ended.value.code == 1
    assert (facts["within"], facts["unknown_calls"]) == (False, 1)
    assert [(line["model"], line["missing"]) for line in facts["lines"]] == [
        ("claude-test", ""),
        ("claude-unbilled", "bill"),
    ]
    assert facts["whole"][-1] == {
        "figure": "output_tokens",
        "billed": "100",
        "recorded": "110",
        "percent": "10.0000",
    }
    assert "1 calls of UNKNOWN cost" in said.err


@pytest.mark.django_db
def test_reconcile_command_takes_a_wider_tolerance(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(110)

    call_command("reconcile", str(export), "--tolerance", "10")

    said = capsys.readouterr().out
    assert "+10.00 %" in said
    assert "Within the tolerance." in said


@pytest.mark.django_db
def test_reconcile_command_keeps_to_the_days_asked_for(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(5, day=date(2026, 11, 2))

    with pytest.raises(SystemExit):
        call_command(
            "reconcile", str(export), "--from", "2026-11-02", "--to", "2026-11-02"
        )

    assert "not on the bill" in capsys.readouterr().out


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere.csv"], "cannot be read"),
        (["{export}", "--from", "2026-11-02"], "--to 2026-11-01 is before"),
        (["{export}", "--tolerance", "some"], "“some” is no percentage"),
        (["{export}", "--from", "1.11.2026"], "“1.11.2026” is not a day"),
        (["{latin}"], "no text in UTF-8"),
        (["{broken}"], "broken.csv: Line 1: there is no column"),
    ],
    ids=["missing", "backwards", "tolerance", "day", "encoding", "columns"],
)
def test_reconcile_command_says_what_is_wrong(
    export: Path, arguments: list[str], reason: str
) -> None:
    paths = {
        "export": export,
        "latin": export.with_name("latin.csv"),
        "broken": export.with_name("broken.csv"),
    }
    paths["latin"].write_bytes(b"day,model,cost\n2026-11-01,\xe9,1\n")
    paths["broken"].write_text("colour\n")

    with pytest.raises(CommandError, match=reason):
        call_command("reconcile", *(word.format(**paths) for word in arguments))
