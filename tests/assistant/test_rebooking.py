"""A turn that is over while it goes from one model to another books nothing more."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.configuration import Configuration
from assistant.enums import TurnState
from assistant.models import Turn
from assistant.providers.parts import AnswerPart, ChatRequest, TryBegun, TryFailed
from assistant.services.endings import DEAD_AFTER, interrupt_dead_turns
from assistant.services.prompts import import_shipped_prompts
from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.turns import acheck_sums, begin, end, use
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import FakeModel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(transactional_db: None) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


class OtherModelLater(FakeModel):
    """Asks another model once `gate` is set."""

    async def stream_answer(
        self, targets: Sequence[Configuration], request: ChatRequest
    ) -> AsyncGenerator[AnswerPart, None]:
        """Fail with the first one, and go on with another."""
        yield TryBegun()
        yield TryFailed("overloaded_error", "", is_unbilled=True)
        self.has_said_all.set()
        await self.gate.wait()
        yield TryBegun(replace(targets[0], model="claude-haiku-5-5"))
        self.requests.append(request)


async def test_another_model_is_neither_booked_nor_asked_once_the_turn_is_over(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, OtherModelLater())
    model.gate.clear()
    live = await begin(interview)
    await model.has_said_all.wait()
    silent = now() - 2 * DEAD_AFTER
    await Turn.objects.filter(pk=live.id).aupdate(heartbeat_at=silent, owner="gone")
    assert await sync_to_async(interrupt_dead_turns)(interview) == 1
    model.gate.set()

    turn = await end(live)

    assert turn.state == TurnState.INTERRUPTED
    assert model.requests == []
    await acheck_sums()
