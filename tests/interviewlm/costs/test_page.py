"""The page about money: figures by hand, roles, strangers, and honest words."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.enums import Outcome, Scope
from billing.models import Account, Budget
from billing.services.reservations import reserve
from interviews.models import Interview
from tests.factories.billing import make_call
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.interviewlm.costs.conftest import TODAY, costs_url, spend


def show(client: Client, **asked: str) -> Any:
    return client.get(costs_url(), asked)


def tiles(answer: Any) -> dict[str, str]:
    return {tile.label: tile.figure for tile in answer.context["tiles"]}


def rows(answer: Any, table: str) -> list[tuple[str, str, str]]:
    found = answer.context["tables"][table].rows
    return [(row.name, row.cost, row.share) for row in found]


def test_headline_figures_equal_those_by_hand(
    finance: Client, ledger: Interview
) -> None:
    # 1.10 + 2 for one interview, 1 for the other; 1 more in October. A read of a
    # million tokens at 0.10 saved 0.90. That one dollar in the 20 days before today
    # makes 0.05 a day for the 10 days that are left.
    answer = show(finance)

    assert tiles(answer) == {
        "Spent": "$4.1000",
        "Forecast for November": "$4.6000",
        "Median interview": "$2.0500",
        "95th percentile": "$3.1000",
        "Interviews": "2",
        "Saved by the cache": "$0.9000",
        "Failed calls": "2",
        "Calls of unknown cost": "1",
    }


def test_tables_equal_those_by_hand(finance: Client, ledger: Interview) -> None:
    answer = show(finance)

    title = ledger.assessment_version.title
    assert rows(answer, "purpose") == [
        ("Assistant", "$2.1000", "51\xa0%"),
        ("Scoring", "$2.0000", "49\xa0%"),
    ]
    assert rows(answer, "model") == [
        ("plain", "$2.1000", "51\xa0%"),
        ("fine", "$2.0000", "49\xa0%"),
        ("unheard", "", ""),
    ]
    assert rows(answer, "group") == [(title, "$4.1000", "100\xa0%")]
    assert [row[1:] for row in rows(answer, "reference")] == [
        ("$3.1000", "76\xa0%"),
        ("$1.0000", "24\xa0%"),
    ]
    outcomes = {row.name: row.calls for row in answer.context["outcomes"]}
    assert outcomes == {"Finished": "2", "Failed": "1", "Timed out": "1"}


def test_unknown_cost_is_said_loudly(finance: Client, ledger: Interview) -> None:
    answer = show(finance)

    page = answer.content.decode()
    assert "1 call has an unknown cost." in page
    listed = finance.get(answer.context["unknown_url"])
    assert [row.model for row in listed.context["cl"].result_list] == ["unheard"]


@pytest.mark.parametrize(
    ("asked", "spent"),
    [
        ({"period": "last"}, "$1.0000"),
        ({"period": "28"}, "$5.1000"),
        ({"period": "year"}, "$5.1000"),
        ({"start": "2026-10-31", "end": "2026-10-31"}, "$1.0000"),
        ({"period": "days", "start": "2026-11-01", "end": "2026-11-19"}, "$0.00"),
        ({"purpose": "score"}, "$2.0000"),
        ({"model": "plain"}, "$2.1000"),
        ({"figures": "simulated"}, "$0.00"),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_choice_narrows_the_figures(
    finance: Client, ledger: Interview, asked: dict[str, str], spent: str
) -> None:
    answer = show(finance, **asked)

    assert tiles(answer)["Spent"] == spent


def test_assessment_narrows_the_figures(finance: Client, ledger: Interview) -> None:
    other = InterviewFactory.create(organisation=ledger.organisation)
    spend(other, group="77")

    own = str(ledger.assessment_version.assessment_id)
    assert tiles(show(finance, assessment=own))["Spent"] == "$4.1000"
    answer = show(finance, assessment="77")
    assert rows(answer, "group") == [("Assessment 77", "$1.0000", "100\xa0%")]


def test_long_period_is_shown_by_month(finance: Client, ledger: Interview) -> None:
    chart = show(finance, period="year").context["chart"]

    assert len(chart.columns) == 12
    assert [c.height for c in chart.columns[8:]] == ["0.00", "32.00", "131.20", "0.00"]


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("owner", 200),
        ("recruiter", 200),
        ("finance", 200),
        ("reviewer", 403),
        ("interviewer", 403),
    ],
)
@pytest.mark.parametrize("name", ["costs:costs-show", "costs:costs-csv"])
def test_money_is_for_those_who_may_see_it(
    client: Client, people: People, role: str, status: int, name: str
) -> None:
    client.force_login(people.with_role(role))

    assert client.get(costs_url(name)).status_code == status


def test_stranger_sees_their_own_organisation_only(
    client: Client, people: People, ledger: Interview
) -> None:
    client.force_login(people.stranger)

    answer = show(client, assessment=str(ledger.assessment_version.assessment_id))

    assert tiles(answer)["Spent"] == "$0.00"
    assert ledger.assessment_version.title not in answer.content.decode()
    assert ledger.candidate.name not in answer.content.decode()


def test_signed_out_person_is_sent_to_sign_in(client: Client) -> None:
    answer = show(client)

    assert answer.status_code == 302
    assert "login" in answer["Location"]


def test_candidates_are_named_to_those_who_see_interviews(
    client: Client, people: People, ledger: Interview
) -> None:
    client.force_login(people.finance)
    assert ledger.candidate.name not in show(client).content.decode()

    client.force_login(people.recruiter)
    page = show(client).content.decode()
    assert ledger.candidate.name in page
    assert reverse("admin:interview-review", args=[ledger.pk]) in page


def test_only_simulated_figures_are_shown_and_marked(
    finance: Client, interview: Interview
) -> None:
    spend(interview, is_simulated=True)

    answer = show(finance)

    assert tiles(answer)["Spent"] == "$1.0000"
    assert "These figures are simulated" in answer.content.decode()


def test_real_and_simulated_are_never_one_sum(
    finance: Client, ledger: Interview
) -> None:
    spend(ledger, is_simulated=True)

    assert tiles(show(finance))["Spent"] == "$4.1000"
    assert "These figures are simulated" not in show(finance).content.decode()
    assert tiles(show(finance, figures="simulated"))["Spent"] == "$1.0000"


def test_empty_period_says_so(finance: Client, people: People) -> None:
    answer = show(finance, period="last")

    assert answer.status_code == 200
    assert "No call was metered in this period" in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "field", "why"),
    [
        ({"period": "days"}, "start", "Choose a day."),
        (
            {"start": "2026-11-02", "end": "2026-11-01"},
            "end",
            "The last day is before the first.",
        ),
        (
            {"start": "yesterday", "end": "2026-11-01"},
            "start",
            "This is not a day. Write it like 2026-11-30: year, month, day.",
        ),
        (
            {"start": "0001-01-01", "end": "2026-11-01"},
            "start",
            "Choose a day between 2020 and 2099.",
        ),
        (
            {"start": "2020-01-01", "end": "2026-11-01"},
            "end",
            "Choose at most five years at once.",
        ),
        (
            {"start": "2026-11-01", "end": "9999-12-31"},
            "end",
            "Choose a day between 2020 and 2099.",
        ),
    ],
    ids=["none", "backwards", "words", "too early", "too long", "the end of days"],
)
def test_bad_days_say_why(
    finance: Client, asked: dict[str, str], field: str, why: str
) -> None:
    page = show(finance, **asked)
    assert page.status_code == 400
    assert page.context["form"].errors[field] == [why]

    file = finance.get(costs_url("costs:costs-csv"), asked)
    assert file.status_code == 400
    assert why in file.content.decode()


def test_every_row_leads_to_the_calls_it_counts(
    client: Client, people: People, ledger: Interview
) -> None:
    client.force_login(people.owner)
    answer = show(client)
    found = [*answer.context["outcomes"]]
    for table in answer.context["tables"].values():
        found += table.rows

    for row in found:
        listed = client.get(row.calls_url).context["cl"].result_list
        assert len(listed) == int(row.calls), row.name


def test_name_of_a_row_narrows_the_page_to_it(
    finance: Client, ledger: Interview
) -> None:
    answer = show(finance)

    for row in answer.context["tables"]["purpose"].rows:
        assert tiles(finance.get(row.url))["Spent"] == row.cost
    for row in answer.context["time_rows"]:
        assert tiles(finance.get(row.url))["Spent"] == row.cost


def test_budget_shows_spent_reserved_and_limits(
    finance: Client, people: People, ledger: Interview
) -> None:
    payer = str(people.organisation.pk)
    Budget.objects.create(
        payer=payer, scope=Scope.PAYER_MONTH, soft_usd=Decimal(7), hard_usd=Decimal(10)
    )
    call = make_call(payer=payer, key_label="")
    reserve(call, bound=Decimal(1), expires_in=timedelta(minutes=5))

    gauge = show(finance).context["gauges"][0]

    # 4.10 known, and 3 in place of the cost that nobody knows.
    assert (gauge.spent, gauge.limit, gauge.soft) == ("$7.10", "$10.00", "$7.00")
    assert (gauge.reserved, gauge.words) == ("$1.00", "Over the soft limit.")
    assert (gauge.spent_width, gauge.reserved_width) == ("71.00%", "10.00%")


def test_stopped_spending_is_said(finance: Client, people: People) -> None:
    Account.objects.create(
        payer=str(people.organisation.pk), stopped_at=TODAY, stop_reason="Key leaked."
    )

    page = show(finance).content.decode()

    assert "Spending is stopped." in page
    assert "Key leaked." in page


def test_page_is_under_the_strict_policy_and_keeps_it(
    finance: Client, ledger: Interview
) -> None:
    answer = show(finance)

    assert "unsafe" not in answer["Content-Security-Policy"]
    assert not re.search(r"<[^>]+ style=", answer.content.decode())


def test_scenarios_stand_beside_the_measured_interviews(
    finance: Client, ledger: Interview
) -> None:
    context = show(finance).context

    # 93,000 in and 52,500 out at 1 and 2 dollars per million, and so on.
    priced = {row["model"]: row["costs"] for row in context["scenarios"]["rows"]}
    assert priced["fine"] == ["$0.20", "$0.34", "$0.58"]
    assert context["measured"]["median"] == "$2.0500"


def test_hostile_words_stay_words(finance: Client, interview: Interview) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    spend(interview, model=hostile, purpose=hostile[:32], group=hostile)

    page = show(finance, assessment=hostile).content.decode()

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_page_costs_the_same_however_much_there_is(
    client: Client, people: People, ledger: Interview
) -> None:
    client.force_login(people.owner)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert show(client).status_code == 200
        return len(queries)

    show(client)
    before = count()
    for number in range(3):
        more = InterviewFactory.create(organisation=people.organisation)
        spend(more, days_ago=number, purpose=f"p{number}", model=f"m{number}")
        spend(more, outcome=Outcome.REFUSED)
    assert count() == before
