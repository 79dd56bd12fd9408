"""Two web processes with a Redis between them: one answer, whoever is asked for it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from pytest_django.fixtures import Settings

from assistant.enums import MessageRole, TurnState
from assistant.events import TurnText
from assistant.models import Message, Turn
from assistant.turns.log import stream_of
from base.clock import now
from interviewlm.cluster import servers
from interviews.enums import InterviewState
from interviews.models import Event, Interview
from tests.e2e.chaos.page import Frame, Page, open_page
from tests.e2e.stack import Stack, open_stack, redis_url, wait_until
from tests.factories.interviews import InterviewFactory

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("chaos")]

LONG = "Please write a long answer"
ENDS = ("turn.finished", "turn.failed")


@pytest.fixture
def stack(
    transactional_db: None,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Stack]:
    """Both web processes and the simulator, on the test's database."""
    with servers.redis_server() as address:
        monkeypatch.setenv("TEST_REDIS_URL", address)
        with open_stack(tmp_path, "tests.e2e.settings") as opened:
            settings.VAR_DIR = opened.demo.var
            opened.start("simulator", "web", "web2")
            yield opened


@pytest.fixture
def interview(stack: Stack) -> Interview:
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def text_until(page: Page, *kinds: str) -> tuple[str, Frame]:
    """Return the text up to the first frame of these types; nothing may be missing."""
    text = ""
    while (frame := page.until("turn.delta", *kinds))["type"] == "turn.delta":
        assert frame["offset"] == len(text.encode("utf-16-le")) // 2
        text += frame["text"]
        if "turn.delta" in kinds:
            break
    return text, frame


def test_other_process_shows_the_same_answer_and_stops_the_next(
    stack: Stack, interview: Interview
) -> None:
    with (
        open_page(stack, interview, "assistant") as here,
        open_page(stack, interview, "assistant", web="web2") as there,
    ):
        here.send("turn.ask", text=LONG)
        turn = here.until("turn.queued")["turn"]
        started = there.until("turn.started")
        assert (started["turn"], started["question"]) == (turn, LONG)
        read_here, _end = text_until(here, *ENDS)
        read_there, end = text_until(there, *ENDS)

        here.send("turn.ask", text=f"{LONG} once more")
        second = here.until("turn.queued")["turn"]
        there.until("turn.delta")
        there.send("turn.stop", turn=second)
        assert here.until(*ENDS)["stop_reason"] == "stopped"
        assert there.until(*ENDS)["stop_reason"] == "stopped"

    answer = Message.objects.get(turn=turn, role=MessageRole.ASSISTANT)
    assert read_here == read_there == answer.text
    assert end["message"] == str(answer.pk)
    with redis.Redis.from_url(redis_url()) as log:
        assert 2 < log.xlen(stream_of(answer.turn_id)) < len(answer.text) / 4
    stopped = Turn.objects.get(pk=second)
    assert stopped.state == TurnState.STOPPED


def test_killed_owner_leaves_its_part_to_the_page_on_the_other_process(
    stack: Stack, interview: Interview
) -> None:
    with open_page(stack, interview, "assistant", web="web2") as there:
        with open_page(stack, interview, "assistant") as here:
            here.send("turn.ask", text=LONG)
            here.until("turn.delta")
            stored = Event.objects.filter(interview=interview, kind=TurnText.kind)
            wait_until(stored.exists, "a part of the answer is stored")
            stack.kill("web")
        # Its owner is silent for longer than an owner may be.
        Turn.objects.update(heartbeat_at=now() - timedelta(minutes=1))
        read, end = text_until(there, *ENDS)

        kept = "".join(event.payload["text"] for event in stored.order_by("seq"))
        assert (end["type"], end["code"]) == ("turn.failed", "interrupted")
        assert end["retryable"]
        assert kept
        assert end["text_length"] == len(kept.encode("utf-16-le")) // 2
        assert read.startswith(kept)
        assert Message.objects.get(role=MessageRole.ASSISTANT).text == kept
        there.send("turn.ask", text="Why does the first test fail?")
        assert there.until(*ENDS)["type"] == "turn.finished"
