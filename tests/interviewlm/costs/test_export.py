"""The download: the page's figures, exact, and harmless in a spreadsheet."""

import csv
from decimal import Decimal
from io import StringIO

from django.test import Client

from interviews.models import Interview
from tests.factories.people import People
from tests.interviewlm.costs.conftest import CSV, costs_url, spend


def download(client: Client, **asked: str) -> list[dict[str, str]]:
    answer = client.get(costs_url(CSV), asked)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


def test_download_has_the_exact_figures(finance: Client, interview: Interview) -> None:
    spend(interview, raw={"output_tokens": 1})
    spend(interview, raw={"cache_read_input_tokens": 3})

    lines = download(finance)

    whole = lines[0]
    assert (whole["from"], whole["to"]) == ("2026-11-01", "2026-11-30")
    assert (whole["by"], whole["figures"]) == ("all", "real")
    assert whole["cost_usd"] == "0.000001300000"
    assert whole["saved_usd"] == "0.000002700000"
    assert {(line["by"], line["key"], line["calls"]) for line in lines[1:]} == {
        ("day", "2026-11-20", "2"),
        ("purpose", "chat", "2"),
        ("model", "plain", "2"),
        ("group", str(interview.assessment_version.assessment_id), "2"),
        ("reference", str(interview.pk), "2"),
        ("outcome", "finished", "2"),
    }


def test_every_dimension_adds_up_to_the_whole(
    finance: Client, ledger: Interview
) -> None:
    lines = download(finance)

    sums = dict.fromkeys((line["by"] for line in lines), Decimal(0))
    for line in lines:
        sums[line["by"]] += Decimal(line["cost_usd"])
    assert set(sums.values()) == {Decimal("4.1")}
    unknown = [line["key"] for line in lines if line["unknown_calls"] != "0"]
    assert {"unheard", "failed", ""} <= set(unknown)


def test_download_follows_the_choice(finance: Client, ledger: Interview) -> None:
    spend(ledger, is_simulated=True)

    lines = download(finance, figures="simulated", purpose="chat")

    assert {line["figures"] for line in lines} == {"simulated"}
    assert lines[0]["cost_usd"] == "1.000000000000"
    name = finance.get(costs_url(CSV), {"figures": "simulated"})["Content-Disposition"]
    assert name == 'attachment; filename="simulated-costs-2026-11-01-2026-11-30.csv"'


def test_no_cell_is_a_formula(finance: Client, interview: Interview) -> None:
    for word in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1"):
        spend(interview, model=word)

    keys = [line["key"] for line in download(finance) if line["by"] == "model"]

    assert len(keys) == 5
    assert all(key.startswith("'") for key in keys)


def test_stranger_downloads_their_own(
    client: Client, people: People, ledger: Interview
) -> None:
    client.force_login(people.stranger)

    lines = download(client)

    assert [line["by"] for line in lines] == ["all"]
    assert lines[0]["calls"] == "0"
