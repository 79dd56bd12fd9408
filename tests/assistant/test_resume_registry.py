"""The registry and the store under pages that come and go, stops and late owners."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.configuration import Configuration
from assistant.enums import TurnState
from assistant.following import Follower, follow_turn, read_stored
from assistant.models import Message, Turn
from assistant.providers.parts import AnswerEnded, AnswerPart, AnswerText, ChatRequest
from assistant.services.endings import interrupt_dead_turns
from assistant.services.prompts import import_shipped_prompts
from assistant.services.turns import request_stop
from assistant.turns import keeping, remote
from assistant.turns.live import LiveTurn
from assistant.turns.relay import Relay
from assistant.turns.remote import RemoteTurns
from base.clock import now
from base.text import utf16_length, utf16_slice
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.turns import begin, end, use
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import BEGUN, FakeModel

pytestmark = pytest.mark.django_db(transaction=True)

ALPHABET = "abc \n{}é漢😀"
SCHEDULES, MANY = 4, 120
WITHIN = 60


@pytest.fixture(autouse=True)
def _quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done each second is done often, so that schedules are short."""
    settings.ASSISTANT_PROVIDER = "simulator"
    monkeypatch.setattr(keeping, "CHECKPOINT_SECONDS", 0.05)
    monkeypatch.setattr(remote, "POLL_SECONDS", 0.05)


class Chatter(FakeModel):
    """Says pieces of its own to each request, at its own pace."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random = random

    async def stream_answer(
        self, _targets: Sequence[Configuration], request: ChatRequest
    ) -> AsyncGenerator[AnswerPart, None]:
        self.requests.append(request)
        for part in BEGUN:
            yield part
        for _ in range(self._random.randint(1, 40)):
            await asyncio.sleep(self._random.choice([0, 0.001, 0.02]))
            length = self._random.randint(1, 30)
            yield AnswerText("".join(self._random.choices(ALPHABET, k=length)))
        yield AnswerEnded("end_turn")


class Reader:
    """A page, on this process or on another one that has only the store."""

    def __init__(self, turn: Turn, interview: Interview, random: Random) -> None:
        self._turn = turn
        self._interview = interview
        self._random = random
        self.text = ""
        self.end: dict[str, Any] | None = None

    async def live(self, elsewhere: RemoteTurns) -> None:
        while self.end is None:
            is_here = self._random.random() < 0.5
            work = self._read_here() if is_here else self._read_elsewhere(elsewhere)
            task = asyncio.create_task(work)
            await asyncio.wait({task}, timeout=self._random.choice([0, 0.02, 0.1, 20]))
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.result()
            self._come_back()

    def _come_back(self) -> None:
        """Maybe the page was loaded anew: it knows less then."""
        if self.end is None and self._random.random() < 0.4:
            self.text = self.text[: self._random.randint(0, len(self.text))]

    async def _read_here(self) -> None:
        offset = utf16_length(self.text)
        await self._take(follow_turn(self._interview.pk, self._turn.pk, offset))

    async def _read_elsewhere(self, elsewhere: RemoteTurns) -> None:
        offset = utf16_length(self.text)
        follower = Follower(
            self._turn, offset, find=lambda _turn_id: None, mirrors=elsewhere
        )
        await self._take(follower.follow(self._interview.pk))
        self._finish(follower.end_frame)

    async def _take(self, following: AsyncGenerator[dict[str, Any], None]) -> None:
        async with aclosing(following) as frames:
            async for frame in frames:
                if frame["type"] == "turn.delta":
                    assert frame["offset"] == utf16_length(self.text)
                    self.text += frame["text"]
                elif frame["type"] in {"turn.finished", "turn.failed"}:
                    self._finish(frame)

    def _finish(self, frame: dict[str, Any]) -> None:
        assert frame["text_length"] <= utf16_length(self.text)
        self.text = utf16_slice(self.text, 0, frame["text_length"])
        self.end = frame


async def disturb(live: LiveTurn, interview: Interview, random: Random) -> None:
    """Maybe stop it, here or from elsewhere; maybe take it for dead while it lives."""
    await asyncio.sleep(random.choice([0, 0.02, 0.1]))
    what = random.choice(["nothing", "stop", "stop elsewhere", "sweep"])
    if what == "stop":
        live.stop()
    elif what == "stop elsewhere":
        await sync_to_async(request_stop)(interview, live.id)
    elif what == "sweep":
        late = now() - timedelta(minutes=1)
        await Turn.objects.filter(pk=live.id).aupdate(heartbeat_at=late)
        await sync_to_async(interrupt_dead_turns)(interview)


async def play(seed: int) -> None:
    random = Random(seed)
    interview = await sync_to_async(InterviewFactory.create)(
        state=InterviewState.ACTIVE
    )
    elsewhere = RemoteTurns(
        read=read_stored,
        is_here=lambda _turn_id: False,
        source=Relay(lambda: None).tail,
    )
    live = await begin(interview)
    turn = await Turn.objects.aget(pk=live.id)
    readers = [Reader(turn, interview, random) for _ in range(random.randint(1, 3))]
    async with asyncio.timeout(WITHIN):
        await asyncio.gather(
            disturb(live, interview, random),
            *(reader.live(elsewhere) for reader in readers),
        )
        turn = await end(live)
    answer = await Message.objects.aget(turn=turn, role="assistant")
    for reader in readers:
        assert reader.text == answer.text
        assert reader.end is not None
        is_failed = turn.state == TurnState.INTERRUPTED
        assert (reader.end["type"] == "turn.failed") is is_failed


@pytest.mark.parametrize(
    "count", [SCHEDULES, pytest.param(MANY, marks=pytest.mark.long)]
)
async def test_pages_and_store_agree_whatever_happens_to_an_answer(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sync_to_async(import_shipped_prompts)()
    use(monkeypatch, Chatter(Random(count)))
    for seed in range(count):
        await play(seed)
