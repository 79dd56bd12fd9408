"""A day in November with a ledger whose sums are worked out by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from base.clock import at_time
from billing.enums import Outcome
from billing.models import Usage
from billing.services.calls import Call
from billing.services.ledger import Report, record_call
from interviews.models import Interview
from tests.factories.billing import ModelPriceFactory
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People

TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGE = "costs:costs-show"
CSV = "costs:costs-csv"


def costs_url(name: str = PAGE) -> str:
    return reverse(name)


@pytest.fixture(autouse=True)
def _today(db: None) -> Iterator[None]:
    """It is 20 November; a dollar buys a million tokens of "plain", two of "fine"."""
    flat = dict.fromkeys(
        ["input", "output", "cache_write_5m", "cache_write_1h"], Decimal(1)
    )
    ModelPriceFactory.create(model="plain", cache_read=Decimal("0.1"), **flat)
    ModelPriceFactory.create(
        model="fine", cache_read=Decimal("0.1"), **{**flat, "output": Decimal(2)}
    )
    with at_time(TODAY):
        yield


@pytest.fixture
def finance(people: People, client: Client) -> Client:
    client.force_login(people.finance)
    return client


@pytest.fixture
def interview(people: People) -> Interview:
    made: Interview = InterviewFactory.create(
        organisation=people.organisation, state="completed"
    )
    return made


def spend(interview: Interview, **values: Any) -> Usage:
    """Write a call of an interview: a million output tokens of "plain", a dollar."""
    raw = {"input_tokens": 0, "output_tokens": 0}
    raw |= values.pop("raw", {"output_tokens": 1_000_000})
    days_ago = values.pop("days_ago", 0)
    report = Report(values.pop("outcome", Outcome.FINISHED), raw)
    call = {
        "payer": str(interview.organisation_id),
        "reference": str(interview.pk),
        "provider": "anthropic",
        "model": "plain",
        "purpose": "chat",
        "group": str(interview.assessment_version.assessment_id),
        **values,
    }
    return record_call(
        Call(**call),
        report,
        bound=Decimal(3),
        at=TODAY - timedelta(days=days_ago),
    )


@pytest.fixture
def ledger(interview: Interview) -> Interview:
    """1 + 2 + 1 dollars today and 1 in October, a failure, and one call nobody can price."""
    spend(interview, raw={"output_tokens": 1_000_000, "cache_read_input_tokens": 10**6})
    spend(interview, model="fine", purpose="score")
    other = InterviewFactory.create(
        organisation=interview.organisation,
        invitation__assessment_version=interview.assessment_version,
    )
    spend(other, outcome=Outcome.TIMED_OUT)
    spend(other, model="unheard", outcome=Outcome.FAILED)
    spend(interview, days_ago=20)
    return interview
