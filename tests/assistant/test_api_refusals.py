"""Who is let in to the chat over HTTP, and how what is refused is told."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from pytest_django import Settings

from assistant.models import Turn
from assistant.services.prompts import import_shipped_prompts
from interviews.enums import InterviewState, Policy
from interviews.models import Interview
from tests.assistant.http import EVENTS, chat_url, make_client, post
from tests.factories.assistant import TurnFactory
from tests.factories.interviews import InterviewerFactory, InterviewFactory
from tests.factories.people import People

pytestmark = pytest.mark.django_db(transaction=True)

QUESTION = {"message": "Why does it fail?", "id": "ask-00000001"}
SOME = uuid4()
ROUTES: list[tuple[str, str, Any]] = [
    ("get", "", None),
    ("post", "", QUESTION),
    ("get", f"/turns/{SOME}", None),
    ("post", f"/turns/{SOME}/stop", {}),
    ("post", f"/messages/{SOME}/rating", {"rating": "up"}),
    ("get", "/events", None),
    ("post", "/frames", {"line": "x", "frame": {}}),
]


@pytest.fixture(autouse=True)
def _configured(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_API_KEY = "sk-ant-key-of-the-tests"


@pytest.fixture
def interview(people: People) -> Interview:
    import_shipped_prompts()
    return InterviewFactory.create(
        organisation=people.organisation, state=InterviewState.ACTIVE
    )


async def call(
    client: AsyncClient, interview: Interview, method: str, rest: str, body: Any
) -> Any:
    url = chat_url(interview, rest)
    if method == "get":
        return await client.get(url, headers={"Accept": EVENTS})
    return await post(client, url, body, EVENTS)


async def _another_candidate(_people: People, _interview: Interview) -> AsyncClient:
    other = await sync_to_async(InterviewFactory.create)(state=InterviewState.ACTIVE)
    return await make_client(other)


async def _watcher(people: People, interview: Interview) -> AsyncClient:
    await sync_to_async(InterviewerFactory.create)(
        interview=interview, user=people.owner
    )
    client = AsyncClient()
    await client.aforce_login(people.owner)
    return client


async def _other_owner(people: People, _interview: Interview) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(people.stranger)
    return client


async def _nobody(_people: People, _interview: Interview) -> AsyncClient:
    return AsyncClient()


@pytest.mark.parametrize(
    "make",
    [_nobody, _another_candidate, _watcher, _other_owner],
    ids=lambda make: make.__name__,
)
async def test_everybody_else_finds_no_such_interview(
    people: People, interview: Interview, make: Callable[..., Any]
) -> None:
    client = await make(people, interview)
    answers = [await call(client, interview, *route) for route in ROUTES]

    assert {(one.status_code, one.json()["code"]) for one in answers} == {
        (404, "unknown_interview")
    }
    assert not await Turn.objects.aexists()


async def test_question_without_the_pages_token_is_refused(
    interview: Interview,
) -> None:
    client = await make_client(interview)
    response = await client.post(
        chat_url(interview), QUESTION, content_type="application/json"
    )

    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert not await Turn.objects.aexists()


@pytest.mark.parametrize(
    "state", [InterviewState.COMPLETED, InterviewState.CANCELLED], ids=str
)
async def test_interview_that_is_over_takes_no_question(
    interview: Interview, state: InterviewState
) -> None:
    interview.state = state
    await interview.asave(update_fields=["state"])
    response = await post(await make_client(interview), chat_url(interview), QUESTION)

    assert (response.status_code, response.json()["code"]) == (409, "interview_ended")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"message": ""}, 422, "bad_request", id="empty"),
        pytest.param({"id": "ask-00000001"}, 422, "bad_request", id="no_message"),
        pytest.param({"message": "a", "id": "1"}, 422, "bad_request", id="short_id"),
        pytest.param(
            {"message": "a", "chat_id": "x"}, 422, "bad_request", id="bad_chat"
        ),
        pytest.param({"message": "a" * 10_001}, 413, "message_too_long", id="too_long"),
    ],
)
async def test_question_of_a_wrong_form_is_refused(
    interview: Interview, body: dict[str, Any], status: int, code: str
) -> None:
    response = await post(await make_client(interview), chat_url(interview), body)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert "aaaa" not in response.content.decode()


async def test_body_that_is_no_json_is_refused(interview: Interview) -> None:
    client = await make_client(interview)
    response = await client.post(
        chat_url(interview),
        "{",
        content_type="application/json",
        headers={"X-CSRFToken": client.cookies["csrftoken"].value},
    )

    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


async def test_question_too_many_says_when_the_next_is_taken(
    interview: Interview, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "asks_per_minute": 1}
    await sync_to_async(TurnFactory.create)(conversation__interview=interview)
    response = await post(await make_client(interview), chat_url(interview), QUESTION)
    told = response.json()

    assert response.status_code == 429
    assert told["code"] == "rate_limited"
    assert told["retryable"] is True
    assert int(response["Retry-After"]) >= told["retry_after"] > 0


async def test_assistant_that_is_off_is_not_asked(interview: Interview) -> None:
    interview.assessment_version.policy = Policy.OFF
    await interview.assessment_version.asave(update_fields=["policy"])
    response = await post(await make_client(interview), chat_url(interview), QUESTION)

    assert (response.status_code, response.json()["code"]) == (403, "assistant_off")


@pytest.mark.parametrize(
    ("method", "rest"), [("get", ""), ("post", "/stop")], ids=["follow", "stop"]
)
async def test_turn_of_another_interview_is_unknown(
    interview: Interview, method: str, rest: str
) -> None:
    turn = await sync_to_async(TurnFactory.create)()
    client = await make_client(interview)
    response = await call(client, interview, method, f"/turns/{turn.pk}{rest}", {})

    assert (response.status_code, response.json()["code"]) == (404, "unknown_turn")


async def test_message_of_another_interview_is_not_rated(interview: Interview) -> None:
    client = await make_client(interview)
    url = chat_url(interview, f"/messages/{SOME}/rating")
    response = await post(client, url, {"rating": "up"})

    assert (response.status_code, response.json()["code"]) == (404, "unknown_turn")
