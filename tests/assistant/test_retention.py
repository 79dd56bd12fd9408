"""What was sent to models goes when the days it is kept are over."""

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.models import (
    ContextBlock,
    ContextEpoch,
    ContextRequest,
    Message,
    ModelCall,
    ToolCall,
)
from assistant.record import build_conversation_record
from assistant.services.retention import forget_old_requests
from base.clock import at_time, now
from billing.models import Usage
from interviews.models import Interview
from interviews.services.lifecycle import finish_interview, reopen_interview
from tests.assistant.toolbox import amake_interview, awrite
from tests.assistant.turns import answer, begin, end, use
from tests.fakes.script import ScriptedModel, calls, says

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = 10
READ = ("read_file", {"path": "solution.py", "first_line": None, "last_line": None})


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


async def spoken(*, ended: timedelta | None) -> Interview:
    """An interview with an answer that used a tool; it ended so long ago, or goes on."""
    interview: Interview = await amake_interview()
    version = interview.assessment_version
    await type(version).objects.filter(pk=version.pk).aupdate(retention_days=DAYS)
    await awrite(interview, "solution.py", "secret = 1\n")
    await answer(interview)
    if ended is not None:
        await sync_to_async(_end)(interview, ended)
    return interview


def _end(interview: Interview, ago: timedelta) -> None:
    finish_interview(interview.pk)
    Interview.objects.filter(pk=interview.pk).update(ended_at=now() - ago)


def sent(interview: Interview) -> list[int]:
    """How many rows hold what was sent, table by table."""
    conversation = {"conversation__interview": interview}
    return [
        ModelCall.objects.filter(interview=interview).count(),
        ContextEpoch.objects.filter(**conversation).count(),
        ContextRequest.objects.filter(epoch__conversation__interview=interview).count(),
        ContextBlock.objects.filter(interview=interview).count(),
    ]


sent_async = sync_to_async(sent)
aforget = sync_to_async(forget_old_requests)


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    script = ScriptedModel(calls(READ), says("It is short."), says("As before."))
    return use(monkeypatch, script)


async def test_requests_go_when_their_days_are_over_and_words_and_money_stay() -> None:
    interview = await spoken(ended=timedelta(days=DAYS, minutes=1))
    spent = await Usage.objects.acount()
    assert all(await sent_async(interview))

    assert await aforget() == 1

    assert await sent_async(interview) == [0, 0, 0, 0]
    call = await ToolCall.objects.aget()
    assert (call.name, call.result_id) == ("read_file", None)
    record: Any = await sync_to_async(build_conversation_record)(interview)
    question, said = record.data
    assert (question["text"][:11], said["text"]) == ("Hello there", "It is short.")
    assert question["sent"] == []
    assert await Usage.objects.acount() == spent > 0
    assert await aforget() == 0


@pytest.mark.parametrize(
    "ended", [timedelta(days=DAYS - 1), None], ids=["younger", "goes on"]
)
async def test_requests_of_other_interviews_are_kept(ended: timedelta | None) -> None:
    interview = await spoken(ended=ended)
    before = await sent_async(interview)
    with at_time(now() + timedelta(days=400 if ended is None else 0)):
        assert await aforget() == 0
    assert await sent_async(interview) == before


async def test_opened_again_interview_is_answered_without_what_was_forgotten() -> None:
    interview = await spoken(ended=timedelta(days=DAYS, minutes=1))
    await aforget()
    await sync_to_async(reopen_interview)(
        interview.pk, seconds=600, reason="one more", actor=None
    )
    turn = await end(await begin(interview, "And now?"))
    said = await Message.objects.aget(turn=turn, role="assistant")
    assert (turn.state, said.text) == ("finished", "As before.")
