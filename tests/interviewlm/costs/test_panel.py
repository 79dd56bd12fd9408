"""Money on the first page of the admin, and its place in the side bar."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from billing.enums import Scope
from billing.models import Budget
from interviewlm.navigation import build_navigation
from interviews.models import Interview
from tests.factories.people import People
from tests.interviewlm.costs.conftest import costs_url, spend


def panel_of(client: Client) -> dict[str, Any] | None:
    panels = client.get("/admin/").context["panels"]
    found = [one["panel"] for one in panels if one["template"] == "costs/_panel.html"]
    return dict(found[0]) if found else None


def test_panel_says_spent_limit_and_forecast(
    finance: Client, people: People, ledger: Interview
) -> None:
    payer = str(people.organisation.pk)
    Budget.objects.create(payer=payer, scope=Scope.PAYER_MONTH, hard_usd=Decimal(50))

    panel = panel_of(finance)

    assert panel is not None
    assert (panel["gauge"].spent, panel["gauge"].limit) == ("$7.10", "$50.00")
    assert panel["forecast"] == "$4.6000"
    assert panel["unknown"] == 1
    assert not panel["is_simulated"]
    assert costs_url() in finance.get("/admin/").content.decode()


def test_panel_marks_simulated_figures(finance: Client, interview: Interview) -> None:
    spend(interview, is_simulated=True)

    panel = panel_of(finance)

    assert panel is not None
    assert panel["is_simulated"]
    assert panel["spent"] == "$1.0000"


@pytest.mark.parametrize(
    ("role", "is_shown"),
    [("owner", True), ("finance", True), ("reviewer", False), ("interviewer", False)],
)
def test_panel_and_link_are_for_those_who_see_money(
    client: Client, people: People, role: str, is_shown: bool
) -> None:
    client.force_login(people.with_role(role))
    request = client.get("/admin/").wsgi_request

    links = [
        item["link"] for group in build_navigation(request) for item in group["items"]
    ]

    assert (costs_url() in links) is is_shown
    assert (panel_of(client) is not None) is is_shown
