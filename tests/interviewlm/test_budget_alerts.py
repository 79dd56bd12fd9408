"""A budget that reaches a line: who gets which mail, and what the timeline keeps."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Outbox
from billing.enums import AlertLevel, Scope
from billing.models import BudgetAlert
from billing.services.alerts import tell_alerts
from interviewlm.review.events import list_events
from interviews.models import Event, Interview
from interviews.selectors.records import export_record
from interviews.timeline.registry import parse_payload
from tests.factories.accounts import UserFactory
from tests.factories.billing import BudgetAlertFactory, SpendWindowFactory
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People

LEVELS = [level.value for level in AlertLevel]


@pytest.fixture
def interview(people: People) -> Interview:
    made: Interview = InterviewFactory.create(
        organisation=people.organisation, invitation__invited_by=people.recruiter
    )
    return made


def about(interview: Interview, level: str = "soft", **window: Any) -> BudgetAlert:
    """Store an alert about an interview's chat."""
    made: BudgetAlert = BudgetAlertFactory.create(
        window=SpendWindowFactory.create(
            **{
                "payer": str(interview.organisation_id),
                "scope": Scope.REFERENCE,
                "subject": str(interview.pk),
                "purpose": "chat",
                "starts_on": date(1970, 1, 1),
                **window,
            }
        ),
        level=level,
        spent_usd=Decimal("5.0213"),
        limit_usd=Decimal(5),
    )
    return made


def readers() -> list[str]:
    return sorted(Outbox.objects.values_list("to", flat=True))


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("soft", ["recruiter@acme.example"]),
        ("50", []),
        ("80", []),
        ("100", ["recruiter@acme.example"]),
    ],
)
def test_interview_alert_goes_to_who_invited(
    interview: Interview, level: str, expected: list[str]
) -> None:
    about(interview, level)

    assert tell_alerts() == 1
    assert readers() == expected


def test_interview_alert_says_how_much_of_what_and_where(interview: Interview) -> None:
    about(interview)
    tell_alerts()

    mail = Outbox.objects.get()
    assert mail.organisation == interview.organisation
    assert mail.subject.startswith("Soft limit reached: ")
    for part in (
        "has spent $5.0213 in all",
        "This counts one purpose only: Assistant.",
        "The soft limit is $5.0000.",
        f"http://testserver/admin/interviews/interview/{interview.pk}/review/",
        "http://testserver/admin/billing/budget/",
    ):
        assert part in mail.text
    assert "imulat" not in mail.subject + mail.text


def test_simulated_alert_says_so(interview: Interview) -> None:
    about(interview, is_simulated=True)
    tell_alerts()

    mail = Outbox.objects.get()
    assert mail.subject.startswith("Simulated: ")
    assert "nobody pays" in mail.text


@pytest.mark.parametrize("who", ["nobody", "without money", "left"])
def test_interview_alert_goes_to_owners_where_who_invited_may_not_see_it(
    interview: Interview, people: People, who: str
) -> None:
    invitation = interview.invitation
    invitation.invited_by = {
        "nobody": None,
        "without money": people.reviewer,
        "left": people.stranger,
    }[who]
    invitation.save()
    about(interview)
    tell_alerts()

    assert readers() == ["owner@acme.example"]


@pytest.mark.parametrize("level", LEVELS)
def test_every_line_of_an_interview_is_in_its_timeline(
    interview: Interview, level: str
) -> None:
    about(interview, level)
    tell_alerts()

    event = Event.objects.get(interview=interview, kind="budget.reached")
    assert parse_payload(event).model_dump(mode="json") == {
        "level": level,
        "scope": "reference",
        "purpose": "chat",
        "spent_usd": "5.021300000000",
        "limit_usd": "5.000000000000",
        "is_simulated": False,
    }


def test_dollars_stay_out_of_the_desks_lines_and_of_the_candidates_record(
    interview: Interview,
) -> None:
    about(interview)
    tell_alerts()

    [line] = list_events(interview, with_chat=True)
    assert (line.title, line.detail) == ("Reached a limit of its budget", "")
    assert "5.02" not in str(export_record(interview))


@pytest.mark.parametrize("level", LEVELS)
def test_month_of_an_organisation_goes_to_owners_and_finance(
    people: People, level: str
) -> None:
    payer = str(people.organisation.pk)
    BudgetAlertFactory.create(
        window=SpendWindowFactory.create(
            payer=payer,
            scope=Scope.PAYER_MONTH,
            subject=payer,
            starts_on=date(2026, 11, 1),
        ),
        level=level,
        spent_usd=Decimal(812),
        limit_usd=Decimal(800),
    )
    tell_alerts()

    assert readers() == ["finance@acme.example", "owner@acme.example"]
    assert "Acme has spent $812.00 in November 2026." in Outbox.objects.all()[0].text


def test_key_goes_to_the_operators_and_into_no_organisations_outbox(
    people: People,
) -> None:
    UserFactory.create(email="ops@host.example", is_superuser=True)
    UserFactory.create(email="gone@host.example", is_superuser=True, is_active=False)
    BudgetAlertFactory.create(
        window=SpendWindowFactory.create(
            payer="",
            scope=Scope.KEY_DAY,
            subject="main",
            starts_on=date(2026, 11, 21),
        ),
        level="100",
    )
    tell_alerts()

    mail = Outbox.objects.get()
    assert (mail.to, mail.organisation) == ("ops@host.example", None)
    assert "With the key “main”" in mail.text
    assert "on 21 November 2026 (UTC)" in mail.text


@pytest.mark.parametrize(
    ("payer", "subject"),
    [
        ("", ""),
        ("999999", "0198c0de-0000-7000-8000-000000000000"),
        ("organisation:1", "interview:1"),
    ],
    ids=["nobody", "deleted", "foreign words"],
)
def test_alert_about_nothing_known_is_told_to_nobody(
    people: People, payer: str, subject: str
) -> None:
    BudgetAlertFactory.create(
        window=SpendWindowFactory.create(
            payer=payer or str(people.organisation.pk),
            scope=Scope.REFERENCE,
            subject=subject or "no interview",
        )
    )

    assert tell_alerts() == 1
    assert readers() == []


def test_interview_of_another_organisation_is_left_alone(
    interview: Interview, people: People
) -> None:
    about(interview, payer=str(people.other_organisation.pk))
    tell_alerts()

    assert readers() == []
    assert not Event.objects.filter(kind="budget.reached").exists()
