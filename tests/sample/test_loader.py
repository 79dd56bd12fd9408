"""The sample loads through the product's services, once, and is alive on first sight."""

import pytest
from django.core.management import call_command
from pytest_django import Settings

from accounts.models import Organisation, User
from assistant.models import Message
from assistant.services.prompts import import_shipped_prompts
from interviewlm.sample.content import load_finished, load_organisation, load_problems
from interviewlm.sample.links import demo_links
from interviewlm.sample.loader import load_sample
from interviews.enums import InterviewState, RunKind, StepState, TextOrigin
from interviews.models import Assessment, Event, Interview, Problem, Scorecard
from interviews.selectors.origins import read_origin_shares
from interviews.services.lifecycle import cancel_interview
from interviews.timeline.registry import parse_payload

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation(db: None, settings: Settings) -> Organisation:
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_API_KEY = ""
    import_shipped_prompts()
    return load_sample(password="a long enough password").organisation


def test_everything_of_the_content_is_there(organisation: Organisation) -> None:
    assert Problem.objects.filter(organisation=organisation).count() == len(
        load_problems()
    )
    assert Assessment.objects.filter(organisation=organisation).count() == 2
    assert organisation.memberships.count() == len(load_organisation().people)
    assert Interview.objects.count() == len(load_organisation().candidates)


def test_loading_again_changes_nothing(organisation: Organisation) -> None:
    again = load_sample(password="a long enough password")

    assert not again.is_new
    assert Interview.objects.count() == len(load_organisation().candidates)


def test_finished_interview_has_only_typed_and_starter_text(
    organisation: Organisation,
) -> None:
    interview = Interview.objects.get(state=InterviewState.COMPLETED)

    shares = read_origin_shares(interview)

    assert {share.origin for share in shares} == {
        TextOrigin.STARTER,
        TextOrigin.TYPED,
    }


def test_people_sign_in_with_the_password(organisation: Organisation) -> None:
    for person in load_organisation().people:
        assert User.objects.get(email=person.email).check_password(
            "a long enough password"
        )


def test_finished_interview_is_complete(organisation: Organisation) -> None:
    script = load_finished()
    interview = Interview.objects.get(state=InterviewState.COMPLETED)

    assert interview.is_sample
    assert interview.started_at is not None
    assert interview.ended_at is not None
    seconds = (interview.ended_at - interview.started_at).total_seconds()
    assert round(seconds) == script.duration_seconds
    assert interview.runs.filter(kind=RunKind.TESTS).count() == 10
    hidden = [
        test
        for run in interview.runs.filter(kind=RunKind.HIDDEN)
        for test in run.tests or []
    ]
    assert sum(test["outcome"] == "passed" for test in hidden) == 26
    assert Message.objects.filter(role="assistant", is_simulated=True).count() == 4
    states = set(interview.pipeline_steps.values_list("state", flat=True))
    assert states == {StepState.DONE, StepState.SKIPPED}


def test_finished_interviews_claims_keep_all_their_evidence(
    organisation: Organisation,
) -> None:
    script = load_finished().scorecard
    scorecard = Scorecard.objects.get()

    assert scorecard.is_simulated
    stored = {verdict.dimension: verdict for verdict in scorecard.verdicts.all()}
    for verdict in script.verdicts:
        assert stored[verdict.dimension].score == verdict.score
        assert stored[verdict.dimension].evidence.count() == len(verdict.evidence)


def test_finished_interviews_timeline_is_gapless_ordered_and_typed(
    organisation: Organisation,
) -> None:
    interview = Interview.objects.get(state=InterviewState.COMPLETED)
    events = list(Event.objects.filter(interview=interview).order_by("seq"))

    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.at for event in events] == sorted(event.at for event in events)
    for event in events:
        parse_payload(event)


def test_demo_always_has_an_interview_to_take(organisation: Organisation) -> None:
    links = dict(demo_links())
    assert "/i/" in links["Take an interview"]
    for interview in Interview.objects.exclude(state=InterviewState.COMPLETED):
        cancel_interview(interview.pk, reason="test", actor=None)

    fresh = dict(demo_links())

    assert fresh["Take an interview"] != links["Take an interview"]
    assert dict(demo_links()) == fresh


def test_command_says_what_it_did(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    import_shipped_prompts()
    call_command("load_sample")
    call_command("load_sample")

    out = capsys.readouterr().out
    assert "Larkfield Works loaded." in out
    assert "is there already" in out
