"""The chat over HTTP: events, JSON, repeats, resuming, stopping, rating, refusals."""

from typing import Any

import pytest
from pytest_django import Settings

from assistant.enums import TurnState
from assistant.errors import ProviderError
from assistant.models import Feedback, Message, Turn
from assistant.providers.parts import AnswerText
from assistant.services.prompts import import_shipped_prompts
from billing.models import Usage
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.http import (
    EVENTS,
    chat_url,
    events_of,
    make_client,
    post,
    read_all,
    text_of,
    until_text,
)
from tests.assistant.turns import use
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import ANSWER, BEGUN, FakeModel

pytestmark = pytest.mark.django_db(transaction=True)

ANSWERED = "Look at the operator."
QUESTION = {"message": "Why does it fail?", "id": "ask-00000001"}


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    return InterviewFactory.create(state=InterviewState.ACTIVE)


@pytest.fixture
def model(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_API_KEY = "sk-ant-key-of-the-tests"
    return use(monkeypatch, FakeModel())


async def test_ask_streams_text_at_offsets_and_ends_with_the_whole_answer(
    interview: Interview, model: FakeModel
) -> None:
    model.parts = [*BEGUN, AnswerText("Löök 👀 "), AnswerText("there."), *ANSWER[3:]]
    client = await make_client(interview)
    response = await post(client, chat_url(interview), QUESTION, EVENTS)
    events = await read_all(response)

    assert response.status_code == 200
    assert response["Content-Type"] == EVENTS
    assert response["Cache-Control"] == "no-store"
    assert response["X-Accel-Buffering"] == "no"
    assert [name for name, _data in events[:2]] == ["queued", "started"]
    at = 0
    for _name, data in events[2:-1]:
        assert (data["offset"], data["token_count"] > 0) == (at, True)
        at += len(data["text"].encode("utf-16-le")) // 2
        assert data["id"] == str(at)
    name, done = events[-1]
    answer = await Message.objects.select_related("turn").aget(role="assistant")
    assert name == "done"
    assert done == {
        "turn": str(answer.turn_id),
        "chat_id": str(answer.turn.conversation_id),
        "message_id": str(answer.pk),
        "created_at": answer.created_at.isoformat(),
        "stop_reason": "end_turn",
        "full_text": "Löök 👀 there.",
        "simulated": False,
    }
    assert text_of(events) == answer.text


async def test_ask_for_json_waits_for_the_whole_answer(
    interview: Interview, model: FakeModel
) -> None:
    client = await make_client(interview)
    response = await post(client, chat_url(interview), QUESTION)

    answer = await Message.objects.select_related("turn").aget(role="assistant")
    assert response.status_code == 200
    assert response.json() == {
        "turn": str(answer.turn_id),
        "chat_id": str(answer.turn.conversation_id),
        "message_id": str(answer.pk),
        "reply": ANSWERED,
        "created_at": answer.created_at.isoformat(),
        "stop_reason": "end_turn",
        "simulated": False,
    }


@pytest.mark.parametrize("accept", [EVENTS, "application/json"])
async def test_cost_is_told_where_the_assessment_shows_it(
    interview: Interview, model: FakeModel, accept: str
) -> None:
    interview.assessment_version.shows_cost = True
    await interview.assessment_version.asave(update_fields=["shows_cost"])
    client = await make_client(interview)
    response = await post(client, chat_url(interview), QUESTION, accept)
    told: dict[str, Any] = (
        (await read_all(response))[-1][1] if accept == EVENTS else response.json()
    )

    assert told["usage"]["total_tokens"] > 0
    assert float(told["cost_usd"]) > 0


async def test_same_id_again_attaches_and_bills_once(
    interview: Interview, model: FakeModel
) -> None:
    model.gate.clear()
    client = await make_client(interview)
    url = chat_url(interview)
    first = await post(client, url, QUESTION, EVENTS)
    second = await post(client, url, QUESTION, EVENTS)
    model.gate.set()
    told = [await read_all(first), await read_all(second)]
    third = await post(client, url, QUESTION)

    assert [text_of(events) for events in told] == [ANSWERED, ANSWERED]
    assert third.json()["turn"] == told[0][-1][1]["turn"]
    assert len(model.requests) == 1
    assert await Turn.objects.acount() == 1
    assert await Usage.objects.acount() == 1


async def test_reader_that_leaves_stops_nothing_and_another_resumes_at_its_offset(
    interview: Interview, model: FakeModel
) -> None:
    model.gate.clear()
    client = await make_client(interview)
    response = await post(client, chat_url(interview), QUESTION, EVENTS)
    data = await until_text(response)
    await response.streaming_content.aclose()
    model.gate.set()
    address = chat_url(interview, f"/turns/{data['turn']}")
    resumed = await client.get(
        address, headers={"Accept": EVENTS, "Last-Event-ID": "5"}
    )
    told = await read_all(resumed)
    by_query = await read_all(
        await client.get(f"{address}?offset=8", headers={"Accept": EVENTS})
    )

    assert text_of(told) == ANSWERED[5:]
    assert text_of(by_query) == ANSWERED[8:]
    assert told[-1][1]["full_text"] == ANSWERED
    assert await Usage.objects.acount() == 1


async def test_answer_that_is_stopped_ends_with_what_had_arrived(
    interview: Interview, model: FakeModel
) -> None:
    model.gate.clear()
    client = await make_client(interview)
    response = await post(client, chat_url(interview), QUESTION, EVENTS)
    told = []
    async for name, data in events_of(response):
        told.append((name, data))
        if name == "text":
            url = chat_url(interview, f"/turns/{data['turn']}/stop")
            stopped = await post(client, url, {})
    turn = await Turn.objects.aget()

    assert (stopped.status_code, stopped.json()) == (202, {"turn": str(turn.pk)})
    assert told[-1][0] == "done"
    assert told[-1][1]["stop_reason"] == "stopped"
    assert told[-1][1]["full_text"] == ANSWERED
    assert turn.state == TurnState.STOPPED


async def test_failed_answer_is_an_error_event_and_a_status(
    interview: Interview, model: FakeModel
) -> None:
    model.failure = ProviderError(
        "overloaded_error", "The model is busy.", retryable=True, retry_after=7.5
    )
    client = await make_client(interview)
    response = await post(client, chat_url(interview), QUESTION, EVENTS)
    name, error = (await read_all(response))[-1]
    again = await client.get(chat_url(interview, f"/turns/{error['turn']}"))

    assert name == "error"
    assert error["code"] == "overloaded_error"
    assert error["retryable"] is True
    assert error["message_id"]
    assert again.status_code == 503
    assert again.json()["reply"] == ANSWERED
    assert again.json()["code"] == "overloaded_error"


async def test_state_is_what_hello_says(interview: Interview, model: FakeModel) -> None:
    model.gate.clear()
    client = await make_client(interview)
    response = await post(client, chat_url(interview), QUESTION, EVENTS)
    data = await until_text(response)
    state = (await client.get(chat_url(interview))).json()
    model.gate.set()

    assert state["live"]["turn"] == data["turn"]
    assert state["live"]["text"] == ANSWERED[: state["live"]["offset"]]
    assert [message["text"] for message in state["messages"]] == [QUESTION["message"]]
    assert state["assistant"]["available"] is not None
    whole = await client.get(chat_url(interview, f"/turns/{data['turn']}"))
    assert whole.json()["reply"] == ANSWERED


async def test_rating_is_kept_and_taken_back(
    interview: Interview, model: FakeModel
) -> None:
    client = await make_client(interview)
    answer = (await post(client, chat_url(interview), QUESTION)).json()
    url = chat_url(interview, f"/messages/{answer['message_id']}/rating")
    rated = await post(client, url, {"rating": "up"})
    kept = await Feedback.objects.acount()
    await post(client, url, {"rating": None})

    assert rated.json() == {"message": answer["message_id"], "rating": "up"}
    assert (kept, await Feedback.objects.acount()) == (1, 0)
