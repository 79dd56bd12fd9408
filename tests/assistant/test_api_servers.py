"""The chat over HTTP from real web servers: nothing on the way holds events back."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from assistant.enums import TurnState
from assistant.models import Turn
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.e2e.stack import Stack, open_stack, wait_until
from tests.factories.interviews import InterviewFactory
from tests.interviews.workspace.windows import candidate_cookies

pytestmark = pytest.mark.xdist_group("chaos")

WAIT = 30
TOKEN = "t" * 32
LONG = "Please write a long answer"


@pytest.fixture(params=["daphne", "uvicorn"])
def stack(
    transactional_db: None,
    settings: Settings,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Stack]:
    """The web process and the simulator, on the test's database."""
    with open_stack(tmp_path, "tests.e2e.settings") as opened:
        settings.VAR_DIR = opened.demo.var
        opened.env["WEB_SERVER"] = request.param
        opened.start("simulator", "web")
        yield opened


class Browser:
    """The candidate's browser; a connection for each request."""

    def __init__(self, stack: Stack, interview: Interview) -> None:
        self._port = stack.ports["web"]
        self._base = f"/api/v1/interviews/{interview.pk}/chat"
        cookies = {**candidate_cookies(interview), "csrftoken": TOKEN}
        self._headers = {
            "Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items()),
            "X-CSRFToken": TOKEN,
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
        }

    @contextmanager
    def call(
        self, method: str, rest: str = "", body: Any = None
    ) -> Iterator[HTTPResponse]:
        """Send a request; the connection is closed afterwards, read or not."""
        sent = None if body is None else json.dumps(body)
        connection = HTTPConnection("localhost", self._port, timeout=WAIT)
        with closing(connection):
            connection.request(method, self._base + rest, sent, self._headers)
            with connection.getresponse() as response:
                yield response


def next_event(response: HTTPResponse, name: str) -> dict[str, Any]:
    """Read up to the next event of this name."""
    while line := response.readline():
        if line.decode().strip() == f"event: {name}":
            data = response.readline().decode().removeprefix("data: ")
            found: dict[str, Any] = json.loads(data)
            return found
    raise AssertionError(f"no {name}")


def test_text_arrives_while_the_answer_is_written_and_outlives_the_reader(
    stack: Stack,
) -> None:
    interview: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    browser = Browser(stack, interview)
    with browser.call("POST", body={"message": LONG}) as response:
        assert response.status == 200
        assert response.getheader("Content-Encoding") is None
        first = next_event(response, "text")
        assert Turn.objects.get(pk=first["turn"]).state == TurnState.RUNNING

    url = f"/turns/{first['turn']}"
    at = len(first["text"])
    with browser.call("GET", f"{url}?offset={at}") as response:
        second = next_event(response, "text")
        with browser.call("POST", f"{url}/stop", {}) as stopped:
            assert stopped.status == 202
        done = next_event(response, "done")

    assert second["offset"] == at
    assert done["stop_reason"] == "stopped"
    assert done["full_text"].startswith(first["text"] + second["text"])
    wait_until(
        lambda: Turn.objects.get(pk=first["turn"]).state == TurnState.STOPPED,
        "the turn has ended",
    )
