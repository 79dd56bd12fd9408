"""Candidates rate answers; every page of the interview shows it."""

from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from assistant.enums import MessageRole, Rating
from assistant.errors import UnknownTurnError
from assistant.models import Feedback, Message
from assistant.record import build_conversation_record
from assistant.selectors import conversation_messages, message_frame
from assistant.services.feedback import rate_message
from interviews.enums import InterviewState
from interviews.errors import InterviewError
from interviews.models import Event, Interview
from tests.assistant.socket import opened
from tests.factories.accounts import MembershipFactory
from tests.factories.assistant import MessageFactory, TurnFactory
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def answer(db: None) -> Message:
    interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    message: Message = MessageFactory.create(
        turn__conversation__interview=interview,
        turn__state="finished",
        role=MessageRole.ASSISTANT,
    )
    return message


def interview_of(message: Message) -> Interview:
    return message.turn.conversation.interview


async def rate(socket: Any, message: Message, rating: str | None) -> Any:
    await socket.send_json_to(
        {"type": "message.rate", "message": str(message.pk), "rating": rating}
    )
    return await socket.receive_json_from(timeout=10)


async def test_rating_is_answered_with_the_id_it_was_asked_under(
    answer: Message,
) -> None:
    interview = interview_of(answer)
    rated = {"type": "message.rated", "message": str(answer.pk), "rating": "up"}
    async with opened(interview) as socket, opened(interview) as other:
        await socket.receive_json_from(timeout=10)
        await other.receive_json_from(timeout=10)
        await socket.send_json_to(
            {
                "type": "message.rate",
                "id": "r1",
                "message": str(answer.pk),
                "rating": "up",
            }
        )
        assert await socket.receive_json_from(timeout=10) == {**rated, "id": "r1"}
        assert await other.receive_json_from(timeout=10) == rated


async def test_rating_is_kept_shown_and_taken_back(answer: Message) -> None:
    interview = interview_of(answer)
    rated = {"type": "message.rated", "message": str(answer.pk)}
    async with opened(interview) as socket, opened(interview) as other:
        await socket.receive_json_from(timeout=10)
        await other.receive_json_from(timeout=10)
        assert await rate(socket, answer, "up") == {**rated, "rating": "up"}
        assert await other.receive_json_from(timeout=10) == {**rated, "rating": "up"}
        assert await rate(socket, answer, "down") == {**rated, "rating": "down"}
        assert (await Feedback.objects.aget()).rating == Rating.DOWN
    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)
        assert [m["rating"] for m in hello["messages"]] == ["down"]
        assert await rate(socket, answer, None) == {**rated, "rating": None}

    assert not await Feedback.objects.aexists()
    events = [
        event.payload["rating"]
        async for event in Event.objects.filter(kind="message.rated").order_by("seq")
    ]
    assert events == ["up", "down", None]


async def test_member_who_watches_rates_nothing(answer: Message) -> None:
    interview = interview_of(answer)
    member = await sync_to_async(MembershipFactory.create)(
        organisation=interview.organisation, role="owner"
    )
    async with opened(interview, user=member.user) as socket:
        await socket.receive_json_from(timeout=10)
        await socket.send_json_to(
            {"type": "message.rate", "message": str(answer.pk), "rating": "up"}
        )
        await socket.send_json_to({"type": "ping", "t": 1})
        assert (await socket.receive_json_from(timeout=10))["type"] == "pong"

    assert not await Feedback.objects.aexists()


@pytest.mark.parametrize("rating", ["great", 1], ids=["word", "number"])
async def test_other_ratings_are_refused(answer: Message, rating: Any) -> None:
    async with opened(interview_of(answer)) as socket:
        await socket.receive_json_from(timeout=10)
        assert (await rate(socket, answer, rating))["type"] == "error"

    assert not await Feedback.objects.aexists()


def test_same_rating_again_writes_nothing(answer: Message) -> None:
    pk = interview_of(answer).pk
    assert rate_message(pk, answer.pk, rating=Rating.UP)

    assert not rate_message(pk, answer.pk, rating=Rating.UP)
    assert Event.objects.filter(kind="message.rated").count() == 1


def test_only_answers_of_this_interview_are_rated(answer: Message) -> None:
    interview = interview_of(answer)
    question = MessageFactory.create(turn=answer.turn)
    stranger = InterviewFactory.create(state=InterviewState.ACTIVE)

    for interview_id, message_id in (
        (interview.pk, question.pk),
        (interview.pk, uuid4()),
        (stranger.pk, answer.pk),
    ):
        with pytest.raises(UnknownTurnError):
            rate_message(interview_id, message_id, rating=Rating.UP)


def test_after_the_end_nothing_is_rated(answer: Message) -> None:
    interview = interview_of(answer)
    Interview.objects.filter(pk=interview.pk).update(state=InterviewState.COMPLETED)

    with pytest.raises(InterviewError):
        rate_message(interview.pk, answer.pk, rating=Rating.UP)


def test_rating_is_in_the_candidates_own_record(answer: Message) -> None:
    interview = interview_of(answer)
    MessageFactory.create(turn=answer.turn)
    rate_message(interview.pk, answer.pk, rating=Rating.UP)

    said: Any = build_conversation_record(interview).data

    assert [message["rating"] for message in said] == [None, "up"]


def test_ratings_cost_no_query_each(
    answer: Message, django_assert_num_queries: Any
) -> None:
    interview = interview_of(answer)
    for _ in range(2):
        turn = TurnFactory.create(conversation=answer.turn.conversation, state="failed")
        MessageFactory.create(turn=turn, role=MessageRole.ASSISTANT)
    rate_message(interview.pk, answer.pk, rating=Rating.UP)

    # The messages, and the pictures of all of them.
    with django_assert_num_queries(2):
        frames = [message_frame(one) for one in conversation_messages(interview)]

    assert [frame["rating"] for frame in frames] == ["up", None, None]
