"""How many sockets and streams are open, as Prometheus is told."""

import pytest
from prometheus_client import REGISTRY
from pytest_django import Settings

from interviews.models import Interview
from tests.assistant.http import EVENTS, chat_url, events_of, make_client, post
from tests.assistant.socket import make_socket, opened
from tests.assistant.toolbox import make_interview
from tests.assistant.turns import use
from tests.fakes.model import FakeModel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(transactional_db: None) -> Interview:
    return make_interview()


def count(kind: str) -> float:
    return REGISTRY.get_sample_value("interviewlm_open_lines", {"kind": kind}) or 0.0


async def test_sockets_are_counted_while_they_are_open(interview: Interview) -> None:
    before = count("assistant_socket")
    async with opened(interview) as one, opened(interview) as two:
        await one.receive_json_from(timeout=10)
        await two.receive_json_from(timeout=10)
        assert count("assistant_socket") == before + 2
    assert count("assistant_socket") == before


async def test_refused_socket_is_never_open(interview: Interview) -> None:
    before = count("assistant_socket")
    socket = await make_socket(interview)
    headers = [*(socket.scope["headers"] or ())]
    socket.scope["headers"] = [h for h in headers if h[0] != b"cookie"]
    connected, _code = await socket.connect(timeout=10)
    assert not connected
    assert count("assistant_socket") == before


async def test_streams_of_the_chat_are_counted_to_their_end(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel())
    model.gate.clear()
    client = await make_client(interview)
    before = count("chat_events")
    question = {"message": "Why does it fail?", "id": "ask-00000001"}
    response = await post(client, chat_url(interview), question, EVENTS)
    seen = []
    async for name, _data in events_of(response):
        seen.append((name, count("chat_events") - before))
        if name == "text":
            model.gate.set()
    assert seen[-1] == ("done", 1.0)
    assert count("chat_events") == before
