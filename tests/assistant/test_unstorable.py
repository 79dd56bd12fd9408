"""Text no database stores, from a page or from a model: it costs nobody the answer."""

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.enums import TurnState
from assistant.models import Message, ToolCall
from assistant.services.prompts import import_shipped_prompts
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.http import chat_url, make_client, post
from tests.assistant.socket import ask, is_end, opened, receive_until
from tests.assistant.toolbox import make_interview
from tests.assistant.turns import begin, end, use
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import FakeModel
from tests.fakes.script import ScriptedModel, calls, says

pytestmark = pytest.mark.django_db(transaction=True)

HALF = "\ud83d"


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(transactional_db: None) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


@sync_to_async
def asked_text() -> str:
    return Message.objects.get(role="user").text


async def test_question_with_half_a_character_is_asked(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, FakeModel())
    async with opened(interview) as socket:
        await ask(socket, f"Why {HALF} and \x00?")
        frames = await receive_until(socket, is_end)

    assert frames[-1]["type"] == "turn.finished"
    assert await asked_text() == "Why \ufffd and \ufffd?"


async def test_question_over_http_with_half_a_character_is_asked(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, FakeModel())
    client = await make_client(interview)

    question = {"message": f"Why {HALF} and \x00?", "files": [f"a{HALF}"]}
    response = await post(client, chat_url(interview), question)

    assert response.status_code == 200
    assert await asked_text() == "Why \ufffd and \ufffd?"


async def test_model_that_sends_what_no_database_stores_is_understood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interview = await sync_to_async(make_interview)()
    given = {"text": f"a\x00{HALF}", "is_regex": False, "path": None}
    script = ScriptedModel(calls(("search", given), text="I look\x00."), says(HALF))
    use(monkeypatch, script)

    turn = await end(await begin(interview))

    assert turn.state == TurnState.FINISHED
    call = await ToolCall.objects.aget(turn=turn)
    assert call.input["text"] == "a\ufffd\ufffd"
    answer = await Message.objects.aget(turn=turn, role="assistant")
    assert answer.text == "I look\ufffd.\n\n\ufffd"
