"""Budgets in the back office: own ones, and the operator's defaults."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from billing.enums import Scope
from billing.models import (
    Budget,
)
from tests.billing.back_office import act, change_url, signed_in
from tests.factories.billing import (
    BudgetFactory,
)
from tests.factories.people import People


def budget_values(**values: Any) -> dict[str, Any]:
    given = {
        "scope": Scope.REFERENCE,
        "subject": "",
        "purpose": "chat",
        "soft_usd": "2.50",
        "hard_usd": "5",
        "is_active": "on",
        **values,
    }
    return {name: value for name, value in given.items() if value is not None}


def add_budget(client: Client, **values: Any) -> Any:
    return client.post(reverse("admin:billing_budget_add"), budget_values(**values))


def errors_of(answer: Any) -> str:
    return str(answer.context["adminform"].form.errors.as_text())


def test_owner_sets_a_budget_of_the_organisation(people: People, payer: str) -> None:
    assert add_budget(signed_in(people.finance)).status_code == 302

    budget = Budget.objects.get(payer=payer)
    assert (budget.soft_usd, budget.hard_usd) == (Decimal("2.5"), Decimal(5))
    entry = AuditEntry.objects.get(action="budget.added")
    assert (entry.actor, entry.organisation) == (people.finance, people.organisation)


def test_budget_saved_again_as_it_was_changes_nothing(
    people: People, payer: str
) -> None:
    client = signed_in(people.owner)
    add_budget(client, soft_usd="0.000001")
    budget = Budget.objects.get(payer=payer)
    form = client.get(change_url(budget)).context["adminform"].form
    values = budget_values(
        soft_usd=form["soft_usd"].value(), hard_usd=form["hard_usd"].value()
    )

    assert client.post(change_url(budget), values).status_code == 302
    budget.refresh_from_db()
    assert (budget.soft_usd, budget.hard_usd) == (Decimal("0.000001"), Decimal(5))
    assert not AuditEntry.objects.filter(action="budget.changed").exists()


def test_budget_change_is_audited(people: People, payer: str) -> None:
    client = signed_in(people.owner)
    budget = BudgetFactory.create(payer=payer, subject="", purpose="chat")
    client.post(change_url(budget), budget_values(hard_usd="", soft_usd=""))

    budget.refresh_from_db()
    assert (budget.soft_usd, budget.hard_usd) == (None, None)
    entry = AuditEntry.objects.get(action="budget.changed")
    assert "Hard limit, US dollars" in entry.details["fields"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"soft_usd": "5.01"}, "above the hard one"),
        ({"soft_usd": "-1"}, "greater than or equal to 0"),
        ({"hard_usd": "1e12"}, "less than or equal to"),
        ({"hard_usd": "NaN"}, "number"),
        ({"scope": Scope.PAYER_MONTH, "subject": "x"}, "whole organisation"),
        ({"scope": Scope.KEY_DAY}, "valid choice"),
        ({"scope": "planet"}, "valid choice"),
    ],
)
def test_budget_that_makes_no_sense_is_refused(
    people: People, payer: str, values: dict[str, Any], reason: str
) -> None:
    answer = add_budget(signed_in(people.owner), **values)

    assert answer.status_code == 200
    assert reason in errors_of(answer)
    assert not Budget.objects.filter(payer=payer).exists()


def test_second_budget_for_the_same_is_refused(people: People, payer: str) -> None:
    client = signed_in(people.owner)
    add_budget(client)

    assert "already" in errors_of(add_budget(client))
    assert Budget.objects.filter(payer=payer).count() == 1


def test_member_cannot_set_a_default_by_hand(people: People, payer: str) -> None:
    add_budget(signed_in(people.owner), purpose="sandbox", is_default="on")

    assert Budget.objects.get(purpose="sandbox").payer == payer


def test_defaults_are_shown_beside_a_budget_and_kept_from_members(
    people: People, payer: str
) -> None:
    client = signed_in(people.owner)
    budget = BudgetFactory.create(payer=payer, subject="", purpose="chat")
    default = Budget.objects.get(payer="", scope=Scope.REFERENCE, purpose="chat")

    page = client.get(change_url(budget)).content.decode()
    assert "soft 5.00, hard 10.00" in page
    assert "In force without a budget of your own" in page
    assert client.get(change_url(default)).status_code == 404


def test_recruiter_reads_budgets_only(people: People, payer: str) -> None:
    budget = BudgetFactory.create(payer=payer)
    client = signed_in(people.recruiter)

    assert client.get(change_url(budget)).status_code == 200
    assert client.post(change_url(budget), budget_values()).status_code == 403


@pytest.mark.parametrize("scope", [Scope.KEY_DAY, Scope.PAYER_MONTH])
def test_operator_sets_a_default(operator: User, scope: Scope) -> None:
    answer = add_budget(
        signed_in(operator), scope=scope, purpose="sandbox", is_default="on"
    )

    assert answer.status_code == 302
    assert Budget.objects.get(purpose="sandbox").payer == ""


def test_operator_sets_a_key_for_everybody_only(operator: User) -> None:
    answer = add_budget(signed_in(operator), scope=Scope.KEY_DAY, purpose="sandbox")
    assert "all organisations together" in errors_of(answer)


def test_operator_changes_a_default_and_cannot_delete_it(operator: User) -> None:
    default = Budget.objects.get(scope=Scope.KEY_DAY)
    client = signed_in(operator)
    form = client.get(change_url(default)).context["adminform"].form
    assert form["is_default"].value() is True
    values = budget_values(
        scope=Scope.KEY_DAY,
        purpose="",
        soft_usd="",
        hard_usd="700",
        is_default="on",
    )
    assert client.post(change_url(default), values).status_code == 302

    default.refresh_from_db()
    assert (default.payer, default.hard_usd) == ("", Decimal(700))
    act(client, "delete_selected", default, post="yes")
    assert Budget.objects.filter(pk=default.pk).exists()


def test_purpose_nobody_spends_on_is_refused(people: People, payer: str) -> None:
    answer = add_budget(signed_in(people.owner), purpose="chta")

    assert "valid choice" in answer.content.decode()
    assert not Budget.objects.filter(payer=payer).exists()
