"""A day in November and no budgets but those a test makes."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from accounts.models import User
from base.clock import at_time
from billing.models import Budget
from tests.factories.accounts import UserFactory
from tests.factories.people import People

TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def today() -> Iterator[datetime]:
    """Hold the time."""
    with at_time(TODAY):
        yield TODAY


@pytest.fixture
def no_budgets(db: None) -> None:
    """Take the shipped budgets away."""
    Budget.objects.all().delete()


@pytest.fixture
def operator(people: People) -> User:
    """Return whose installation it is."""
    made: User = UserFactory.create(email="ops@host.example", is_superuser=True)
    return made


@pytest.fixture
def payer(people: People) -> str:
    """Return the organisation's word in the ledger."""
    return str(people.organisation.pk)
