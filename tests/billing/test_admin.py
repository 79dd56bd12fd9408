"""The ledger, running sums and the kill switch in the back office."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db.models import Model

from accounts.enums import Role
from accounts.models import AuditEntry, User
from billing.enums import Scope
from billing.models import (
    Account,
    Budget,
    BudgetAlert,
    ModelPrice,
    SpendWindow,
    Usage,
)
from billing.services.stops import find_stop
from tests.billing.back_office import act, change_url, list_url, signed_in
from tests.factories.billing import (
    BudgetAlertFactory,
    ModelPriceFactory,
    SpendWindowFactory,
    UsageFactory,
)
from tests.factories.people import People


def test_ledger_says_unknown_and_simulated_in_words(people: People, payer: str) -> None:
    UsageFactory.create(payer=payer, cost_usd=None, error_code="overloaded_error")
    UsageFactory.create(payer=payer, is_simulated=True, cache_write_1h_tokens=1234)
    page = signed_in(people.finance).get(list_url(Usage)).content.decode()

    assert ">unknown<" in page
    assert ">simulated<" in page
    assert "overloaded_error" in page
    assert "1234" in page or "1,234" in page
    assert "0.00105" in page


def test_ledger_page_shows_what_came_in(people: People, payer: str) -> None:
    usage = UsageFactory.create(payer=payer, raw={"service_tier": "standard"})
    answer = signed_in(people.finance).get(change_url(usage))

    assert "service_tier" in answer.content.decode()
    assert signed_in(people.finance).post(change_url(usage), {}).status_code == 403


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.INTERVIEWER])
def test_ledger_is_closed_to_those_without_money(people: People, role: Role) -> None:
    client = signed_in(people.with_role(role))
    for model in (Usage, Budget, SpendWindow, BudgetAlert, Account, ModelPrice):
        assert client.get(list_url(model)).status_code == 403


def test_ledger_is_found_by_reference(people: People, payer: str) -> None:
    found = UsageFactory.create(payer=payer, reference="interview:7")
    UsageFactory.create(payer=payer, reference="interview:77")
    answer = signed_in(people.finance).get(list_url(Usage), {"q": "interview:7"})

    assert list(answer.context["cl"].queryset) == [found]


def test_operator_prices_calls_of_unknown_cost(
    operator: User, payer: str, people: People
) -> None:
    usage = UsageFactory.create(
        payer=payer,
        model="claude-unheard-of",
        cost_usd=None,
        raw={"input_tokens": 1_000_000, "output_tokens": 50},
    )
    ModelPriceFactory.create(model="claude-unheard-of")
    page = act(signed_in(operator), "price_unknown", usage)

    assert "1 call of unknown cost has its price now." in page
    assert Usage.objects.get(corrects=usage).cost_usd == Decimal("3.00075")
    assert AuditEntry.objects.get(action="usage.priced").details == {"count": 1}


def test_owner_is_not_offered_to_price_calls(people: People, payer: str) -> None:
    usage = UsageFactory.create(payer=payer, cost_usd=None)
    ModelPriceFactory.create(model=usage.model)
    page = act(signed_in(people.owner), "price_unknown", usage)

    assert "Price calls" not in page
    assert not Usage.objects.filter(corrects=usage).exists()


def test_keys_sums_and_alerts_are_the_operators(
    operator: User, people: People, payer: str
) -> None:
    own = SpendWindowFactory.create(payer=payer, subject=payer)
    key = SpendWindowFactory.create(payer="", scope=Scope.KEY_DAY, subject="main")
    alert = BudgetAlertFactory.create(window=key)

    def shown(user: User, model: type[Model]) -> set[Model]:
        answer = signed_in(user).get(list_url(model))
        return set(answer.context["cl"].queryset)

    assert shown(people.owner, SpendWindow) == {own}
    assert shown(people.owner, BudgetAlert) == set()
    assert shown(operator, SpendWindow) == {own, key}
    assert shown(operator, BudgetAlert) == {alert}
    assert signed_in(people.owner).get(change_url(alert)).status_code == 404


def test_interviews_sums_are_over_the_whole_time(people: People, payer: str) -> None:
    SpendWindowFactory.create(
        payer=payer,
        scope=Scope.REFERENCE,
        starts_on=datetime(1970, 1, 1, tzinfo=UTC).date(),
    )
    page = signed_in(people.finance).get(list_url(SpendWindow)).content.decode()

    assert "the whole time" in page
    assert "1970" not in page


@pytest.mark.parametrize("role", [Role.OWNER, Role.FINANCE])
def test_spending_is_stopped_before_the_first_call(
    people: People, payer: str, role: Role
) -> None:
    client = signed_in(people.with_role(role))
    client.get(list_url(Account))
    account = Account.objects.get(payer=payer)
    page = act(client, "stop", account, reason="a loop")

    assert "Spending is stopped for 1 account" in page
    assert "stopped since" in page
    assert find_stop(payer) == account
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action) == (people.with_role(role), "spending.stopped")
    assert entry.details == {"everybody": False, "reason": "a loop"}

    page = act(client, "resume", account)
    assert "Spending goes on for 1 account." in page
    assert find_stop(payer) is None
    assert "Spending goes on for 0" in act(client, "resume", account)
    assert AuditEntry.objects.count() == 2


def test_recruiter_sees_the_switch_and_cannot_use_it(
    people: People, payer: str
) -> None:
    account = Account.objects.create(payer=payer)
    act(signed_in(people.recruiter), "stop", account)

    assert find_stop(payer) is None


def test_owner_cannot_stop_others(people: People, payer: str) -> None:
    client = signed_in(people.owner)
    installation = Account.objects.create(payer="")
    other = Account.objects.create(payer=str(people.other_organisation.pk))
    act(client, "stop", installation, other)

    assert find_stop(other.payer) is None
    assert not AuditEntry.objects.exists()


def test_operator_stops_everybody_and_members_read_so(
    operator: User, people: People, payer: str
) -> None:
    client = signed_in(operator)
    client.get(list_url(Account))
    act(client, "stop", Account.objects.get(payer=""), reason="x" * 500)

    assert find_stop(payer) is not None
    assert len(find_stop(payer).stop_reason) == 200  # type: ignore[union-attr]
    assert AuditEntry.objects.filter(action="spending.stopped").count() == 2
    page = signed_in(people.finance).get(list_url(Account)).content.decode()
    assert "stopped for everybody by the operator" in page
