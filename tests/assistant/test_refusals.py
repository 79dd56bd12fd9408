"""What the assistant socket refuses, and how it says that something failed."""

from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from pytest_django import Settings

from assistant.enums import TurnState
from assistant.models import Conversation, Message, Turn
from assistant.services.prompts import import_shipped_prompts
from assistant.simulator.faults import FaultOrder
from interviewlm.asgi import application
from interviews.enums import InterviewState, Policy
from interviews.models import Interview
from interviews.services.lifecycle import finish_interview
from tests.assistant.conftest import Running
from tests.assistant.socket import (
    ask,
    cookie_header,
    is_end,
    opened,
    receive_until,
    text_of,
)
from tests.factories.interviews import AssessmentVersionFactory, InterviewFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _simulated(settings: Settings, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    return InterviewFactory.create(state=InterviewState.ACTIVE)


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        ({"fault": "400"}, "invalid_request_error", False),
        ({"fault": "401"}, "authentication_error", False),
        ({"fault": "403"}, "permission_error", False),
        ({"fault": "404"}, "not_found_error", False),
        ({"fault": "413"}, "request_too_large", False),
        ({"fault": "429", "retry_after": 30}, "rate_limit_error", True),
        ({"fault": "overloaded", "after": 3}, "overloaded_error", True),
        ({"fault": "drop", "after": 3}, "connection_error", True),
        ({"fault": "no_stop"}, "incomplete_answer", True),
    ],
    ids=lambda value: value["fault"] if isinstance(value, dict) else None,
)
async def test_provider_failure_is_a_sentence_and_keeps_what_arrived(
    interview: Interview,
    simulator: Running,
    fault: dict[str, Any],
    code: str,
    *,
    retryable: bool,
) -> None:
    simulator.app.faults.order(FaultOrder.model_validate({"next": [fault]}))
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "Hello there")
        frames = await receive_until(socket, is_end)

    assert frames[-1]["type"] == "turn.failed"
    assert frames[-1]["code"] == code
    assert frames[-1]["retryable"] is retryable
    answer = await Message.objects.select_related("turn").aget(role="assistant")
    assert answer.turn.state == TurnState.FAILED
    assert answer.text == text_of(frames)


async def test_passing_failure_before_the_first_byte_is_retried(
    interview: Interview, simulator: Running
) -> None:
    simulator.app.faults.order(FaultOrder.model_validate({"next": ["529", "500"]}))
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "Hello there")
        frames = await receive_until(socket, is_end)

    assert frames[-1]["type"] == "turn.finished"


async def test_overlong_message_is_refused_with_the_limit(interview: Interview) -> None:
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "x" * 10_001)
        frames = await receive_until(socket, is_end)

    assert frames[-1]["code"] == "message_too_long"
    assert "10001" in frames[-1]["message"]
    assert frames[-1]["id"] == "ask-00000001"
    assert await Turn.objects.acount() == 0


async def test_eleventh_ask_in_a_minute_is_refused(interview: Interview) -> None:
    conversation = await Conversation.objects.acreate(interview=interview)
    for number in range(10):
        await Turn.objects.acreate(
            conversation=conversation,
            client_id=f"earlier-{number}",
            state=TurnState.FINISHED,
        )
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "One more")
        frames = await receive_until(socket, is_end)

    assert frames[-1]["code"] == "rate_limited"
    assert 0 < frames[-1]["retry_after"] <= 60


async def test_policy_off_refuses(db: None) -> None:
    def make() -> Interview:
        version = AssessmentVersionFactory.create(policy=Policy.OFF)
        return InterviewFactory.create(
            state=InterviewState.ACTIVE, assessment_version=version
        )

    interview = await sync_to_async(make)()
    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)
        await ask(socket, "Help")
        frames = await receive_until(socket, is_end)

    assert hello["assistant"]["available"] is False
    assert frames[-1]["code"] == "assistant_off"


async def test_without_a_key_the_candidate_reads_that_it_is_not_configured(
    interview: Interview, settings: Settings
) -> None:
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_API_KEY = ""
    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)
        await ask(socket, "Help")
        frames = await receive_until(socket, is_end)

    assert hello["assistant"]["message"] == "The assistant is not configured."
    assert "ANTHROPIC" not in frames[-1]["message"]
    assert frames[-1]["code"] == "not_configured"


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[]",
        "{}",
        '{"type":"turn.ask"}',
        '{"type":"turn.resume","turn":"x"}',
    ],
)
async def test_bad_frame_is_answered_and_the_socket_lives(
    interview: Interview, frame: str
) -> None:
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await socket.send_to(text_data=frame)
        answer = await socket.receive_json_from(timeout=10)
        await socket.send_json_to({"type": "ping"})
        pong = await socket.receive_json_from(timeout=10)

    assert answer["code"] == "bad_frame"
    assert pong["type"] == "pong"


async def test_turn_of_another_interview_is_unknown(interview: Interview) -> None:
    other = await sync_to_async(InterviewFactory.create)(state=InterviewState.ACTIVE)
    conversation = await Conversation.objects.acreate(interview=other)
    turn = await Turn.objects.acreate(
        conversation=conversation, client_id="theirs", state=TurnState.FINISHED
    )
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        for kind in ("turn.resume", "turn.stop"):
            await socket.send_json_to({"type": kind, "turn": str(turn.pk), "offset": 0})
            answer = await socket.receive_json_from(timeout=10)
            assert answer["code"] == "unknown_turn"


async def test_stranger_is_refused_before_the_accept(interview: Interview) -> None:
    other = await sync_to_async(InterviewFactory.create)(state=InterviewState.ACTIVE)
    for headers in ([], [await sync_to_async(cookie_header)(other)]):
        socket = WebsocketCommunicator(
            application,
            f"/ws/interviews/{interview.pk}/assistant/",
            headers=[(b"origin", b"http://testserver"), *headers],
        )
        connected, _code = await socket.connect(timeout=10)
        assert not connected


async def test_unknown_interview_is_refused(db: None) -> None:
    socket = WebsocketCommunicator(
        application,
        f"/ws/interviews/{uuid4()}/assistant/",
        headers=[(b"origin", b"http://testserver")],
    )
    connected, _code = await socket.connect(timeout=10)
    assert not connected


async def test_ended_room_is_told_and_closed_for_good(interview: Interview) -> None:
    await sync_to_async(finish_interview)(interview.pk)
    async with opened(interview) as socket:
        ended = await socket.receive_json_from(timeout=10)
        error = await socket.receive_json_from(timeout=10)
        closed = await socket.receive_output(timeout=10)

    assert ended == {"type": "interview.ended", "state": "completed"}
    assert error["code"] == "interview_ended"
    assert closed == {"type": "websocket.close", "code": 4410}
