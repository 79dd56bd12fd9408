"""The desk's money: by purpose, model and cache, loud about what nobody knows."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from billing.enums import Outcome
from billing.models import Usage
from billing.services.ledger import Report, correct_cost, record_call
from interviews.models import Interview
from tests.factories.billing import ModelPriceFactory, make_call
from tests.interviewlm.review.conftest import url

RAW = {
    "input_tokens": 100_000,
    "cache_creation_input_tokens": 200_000,
    "cache_read_input_tokens": 700_000,
    "output_tokens": 50_000,
    "output_tokens_details": {"thinking_tokens": 20_000},
}


@pytest.fixture(autouse=True)
def _price(db: None) -> None:
    ModelPriceFactory.create(model="priced")


def record(interview: Interview, report: Report, **values: Any) -> Usage:
    call = make_call(
        **{
            "payer": str(interview.organisation_id),
            "reference": str(interview.pk),
            "model": "priced",
            **values,
        }
    )
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    return record_call(call, report, bound=Decimal(2), at=at)


def test_line_tells_purpose_model_and_cache(
    recruiter: Client, interview: Interview
) -> None:
    record(interview, Report(Outcome.FINISHED, RAW))

    (part,) = recruiter.get(url(interview)).context["money"]

    # 0.30 + 0.75 + 0.21 + 0.75; without the cache 3 + 0.75.
    (line,) = part.lines
    assert (line.purpose, line.model, line.calls) == ("Assistant", "priced", "1")
    assert (line.uncached, line.written, line.read) == ("100,000", "200,000", "700,000")
    assert (line.output, line.thinking) == ("50,000", "20,000")
    assert (line.cost, line.saved) == ("$2.0100", "$1.7400")
    assert part.total == "$2.0100"


def test_unknown_cost_is_loud_and_never_zero(
    recruiter: Client, interview: Interview
) -> None:
    record(interview, Report(Outcome.FINISHED, RAW), model="unheard")

    answer = recruiter.get(url(interview))

    (part,) = answer.context["money"]
    assert (part.lines[0].cost, part.lines[0].unknown, part.total) == ("", 1, "")
    assert "1 call has an unknown cost." in answer.content.decode()


def test_failures_and_corrections_are_told(
    recruiter: Client, interview: Interview
) -> None:
    usage = record(interview, Report(Outcome.FINISHED, RAW))
    record(interview, Report(Outcome.TIMED_OUT, is_unbilled=True))
    correct_cost(usage, Decimal(2), note="As invoiced.")

    answer = recruiter.get(url(interview))

    (part,) = answer.context["money"]
    assert [(row.name, row.count, row.cost) for row in part.troubles] == [
        ("Timed out", 1, "$0.0000")
    ]
    assert [line.difference for line in part.corrections] == ["−$0.0100"]
    assert part.total == "$2.0000"
    assert "As invoiced." in answer.content.decode()


def test_real_and_simulated_stand_apart(
    recruiter: Client, interview: Interview
) -> None:
    record(interview, Report(Outcome.FINISHED, RAW))
    record(interview, Report(Outcome.FINISHED, RAW), is_simulated=True)

    parts = recruiter.get(url(interview)).context["money"]

    assert [(part.is_simulated, part.total) for part in parts] == [
        (False, "$2.0100"),
        (True, "$2.0100"),
    ]


def test_budget_of_the_interview_is_shown(
    recruiter: Client, interview: Interview
) -> None:
    record(interview, Report(Outcome.FINISHED, RAW))

    (part,) = recruiter.get(url(interview)).context["money"]

    # The limits that ship: 5 and 10 dollars for the assistant, 10 for scoring.
    assert [(g.label, g.spent, g.soft, g.limit) for g in part.gauges] == [
        ("Assistant", "$2.01", "$5.00", "$10.00"),
        ("Scoring", "$0.00", "", "$10.00"),
    ]
