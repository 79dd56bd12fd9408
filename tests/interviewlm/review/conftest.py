"""What the review desk's tests share."""

import pytest
from django.test import Client
from django.urls import reverse

from assistant.enums import MessageRole, TurnState
from assistant.models import ToolCall
from assistant.services.tool_calls import end_call
from base.text import content_hash
from interviews.enums import Origin, RunState, StepState
from interviews.models import DocumentVersion, Evidence, Interview, ItemVerdict
from interviews.timeline.kinds import FileCreated, RunStarted
from interviews.timeline.log import append_event
from tests.factories.assistant import MessageFactory
from tests.factories.billing import UsageFactory
from tests.factories.interviews import (
    DocumentFactory,
    InterviewFactory,
    PipelineStepFactory,
    ProblemReportFactory,
    RunFactory,
    ScorecardFactory,
)
from tests.factories.people import People

IMG = "<img src=x onerror=alert(1)>"


def url(interview: Interview, name: str = "", *args: object) -> str:
    suffix = f"-{name}" if name else ""
    return reverse(f"admin:interview-review{suffix}", args=[interview.pk, *args])


@pytest.fixture
def interview(people: People) -> Interview:
    made: Interview = InterviewFactory.create(
        organisation=people.organisation, state="completed"
    )
    return made


@pytest.fixture
def recruiter(people: People, client: Client) -> Client:
    client.force_login(people.recruiter)
    return client


def fill(interview: Interview, text: str = "words") -> Interview:
    """Put something into every part of an interview, all of it `text`."""
    type(interview.candidate).objects.filter(pk=interview.candidate_id).update(
        name=text
    )
    created = FileCreated(
        path=f"ladder/{text}.py", text=text, hash=content_hash(text), source="starter"
    )
    append_event(interview, created, origin=Origin.CANDIDATE)
    later = f"{text}\nmore"
    DocumentVersion.objects.create(
        interview=interview, hash=content_hash(later), text=later
    )
    run = RunFactory.create(
        interview=interview,
        argv=[text],
        files={f"ladder/{text}.py": content_hash(later)},
        state=RunState.FINISHED,
        output=text,
        message=text,
        tests=[{"name": text, "outcome": "failed", "duration_ms": 1, "message": text}],
    )
    started = RunStarted(
        run=str(run.pk), run_kind="tests", section=0, argv=[text], files=run.files
    )
    event = append_event(interview, started, origin=Origin.CANDIDATE)
    DocumentFactory.create(
        interview=interview, path=f"ladder/{text}.py", text=f"{later}\nlast"
    )
    question = MessageFactory.create(
        turn__conversation__interview=interview, turn__state=TurnState.FAILED, text=text
    )
    question.turn.error_message = text
    question.turn.save()
    MessageFactory.create(turn=question.turn, role=MessageRole.ASSISTANT, text=text)
    tool = ToolCall.objects.create(
        turn=question.turn,
        step=0,
        number=0,
        call_id="toolu_1",
        name=text,
        input={"path": text},
    )
    end_call(tool.pk, text=text, is_error=False, detail=text)
    card = ScorecardFactory.create(interview=interview, summary=text)
    ItemVerdict.objects.filter(scorecard=card).update(reason=text)
    for verdict in card.verdicts.all():
        Evidence.objects.create(verdict=verdict, event=event, quote=text)
    PipelineStepFactory.create(
        interview=interview, name="score", state=StepState.FAILED, message=text
    )
    ProblemReportFactory.create(interview=interview, message=text, page=text[:40])
    UsageFactory.create(reference=str(interview.pk), purpose=text[:32], model=text)
    return interview
