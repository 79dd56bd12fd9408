"""Management commands that people of operations type."""

import json
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from interviews.enums import Policy
from interviews.models import AssessmentVersion, Invitation
from tests.factories.interviews import AssessmentVersionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _configured(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def version(db: None) -> AssessmentVersion:
    made: AssessmentVersion = AssessmentVersionFactory.create()
    return made


def test_invite_prints_the_link(
    version: AssessmentVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    slug = version.assessment.slug
    call_command("invite", assessment=slug, email="ada@example.org", json=True)

    facts = json.loads(capsys.readouterr().out)
    assert "/i/" in facts["url"]
    assert facts["interview"] == str(Invitation.objects.get().interview.pk)


@pytest.mark.parametrize(
    ("email", "slug", "reason"),
    [
        ("nonsense", "", "not an e-mail address"),
        ("ada@example.org", "unknown", "no assessment"),
    ],
)
def test_invite_says_what_is_wrong(
    version: AssessmentVersion, email: str, slug: str, reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("invite", assessment=slug or version.assessment.slug, email=email)


def test_invite_takes_window_zone_and_factor(
    version: AssessmentVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(
        "invite",
        assessment=version.assessment.slug,
        email="ada@example.org",
        time_zone="Europe/Berlin",
        opens="2130-07-01T09:00",
        closes="2130-07-02T18:00+00:00",
        time_factor="1.25",
        json=True,
    )

    facts = json.loads(capsys.readouterr().out)
    invitation = Invitation.objects.get()
    assert facts["opens_at"] == "2130-07-01T09:00:00+02:00"
    assert invitation.opens_at == datetime(2130, 7, 1, 7, tzinfo=UTC)
    assert invitation.expires_at == datetime(2130, 7, 2, 18, tzinfo=UTC)
    assert (invitation.time_zone, str(invitation.time_factor)) == (
        "Europe/Berlin",
        "1.25",
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"time_zone": "Berlin"}, "not a time zone"),
        ({"time_factor": "five"}, "no number"),
        ({"time_factor": "NaN"}, "from 1 to 4"),
        ({"time_factor": "0.9"}, "from 1 to 4"),
        ({"time_factor": "4.5"}, "from 1 to 4"),
        ({"opens": "tomorrow"}, "not a time"),
        ({"opens": "2130-13-01T09:00"}, "not a time"),
        ({"closes": "2020-01-01T09:00"}, "closed by now"),
        ({"opens": "2130-01-02T09:00", "closes": "2130-01-01T09:00"}, "close before"),
        (
            {"time_zone": "Europe/Berlin", "opens": "2030-03-31T02:30"},
            "couldn’t be interpreted",
        ),
    ],
)
def test_invite_refuses_a_window_that_is_none(
    version: AssessmentVersion, options: dict[str, str], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command(
            "invite",
            assessment=version.assessment.slug,
            email="ada@example.org",
            **options,
        )

    assert not Invitation.objects.exists()


def test_invite_asks_which_organisation(version: AssessmentVersion) -> None:
    slug = version.assessment.slug
    AssessmentVersionFactory.create(assessment__slug=slug)

    with pytest.raises(CommandError, match="--organisation"):
        call_command("invite", assessment=slug, email="ada@example.org")


def test_invite_without_a_key_is_refused_unless_the_assistant_is_off(
    version: AssessmentVersion, settings: Settings
) -> None:
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_API_KEY = ""
    slug = version.assessment.slug
    with pytest.raises(CommandError, match="ANTHROPIC_API_KEY"):
        call_command("invite", assessment=slug, email="ada@example.org")

    off = AssessmentVersionFactory.create(policy=Policy.OFF)
    call_command("invite", assessment=off.assessment.slug, email="ada@example.org")

    assert Invitation.objects.get().assessment_version == off


def test_sandbox_without_a_runner_says_so(settings: Settings) -> None:
    settings.RUNNER_SOCKET = "/nonexistent/runner.sock"

    with pytest.raises(CommandError, match="runner"):
        call_command("sandbox", "--", "true")


def test_sandbox_needs_a_command() -> None:
    with pytest.raises(CommandError, match="Give a command"):
        call_command("sandbox")
