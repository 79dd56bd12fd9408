"""Work that is cancelled while a thread still does what was asked of it."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from pytest_django import Settings

from assistant.enums import TurnState
from assistant.models import Turn
from assistant.providers.parts import ChatRequest
from assistant.services.asking import SingleCall
from assistant.services.catalogue import choose_model, plan_call
from assistant.services.metering import HINT
from assistant.services.turns import ask
from assistant.turns.registry import start_turn
from assistant.turns.threads import in_thread
from interviews.models import Interview
from interviews.notifications import interview_group
from tests.assistant.socket import ask as ask_here
from tests.assistant.socket import is_end, opened, receive_until
from tests.assistant.toolbox import make_interview
from tests.assistant.turns import acheck_sums, end, use
from tests.fakes.script import ScriptedModel, says

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(transactional_db: None) -> Interview:
    return make_interview()


async def test_answer_stopped_while_it_is_claimed_ends_at_once(
    interview: Interview,
) -> None:
    turn, _is_new = await sync_to_async(ask)(
        interview.pk, client_id="ask-0001", text="Hello there"
    )
    live = start_turn(turn.pk)
    # One round: the task has handed its claim to a thread, whose answer is not read.
    await asyncio.sleep(0)
    live.stop()
    ended = await end(live)
    assert (ended.state, ended.owner != "") == (TurnState.STOPPED, True)
    assert ended.finished_at is not None


async def test_hint_cancelled_while_it_is_booked_holds_no_money(
    interview: Interview,
) -> None:
    targets = await sync_to_async(lambda: plan_call(choose_model("hint", interview)))()
    call = SingleCall(interview, purpose=HINT)
    request = ChatRequest(
        system=[],
        messages=[{"role": "user", "content": "Hi"}],
        max_tokens=100,
        reference="x",
    )
    task = asyncio.create_task(call.ask_live(targets, request, in_thread))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await acheck_sums()


async def test_page_is_not_told_again_what_it_was_told_to_the_end(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, ScriptedModel(says("It passes.")))
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask_here(socket, "Hello there")
        await receive_until(socket, is_end)
        turn = await Turn.objects.aget()
        layer = get_channel_layer()
        assert layer is not None
        late = {"type": "turn.began", "turn": str(turn.pk)}
        await layer.group_send(interview_group(interview.pk), late)
        # What that set going would come before the end of the next answer.
        await ask_here(socket, "And now?", "ask-00000002")
        frames = await receive_until(socket, is_end)
    assert str(turn.pk) not in {frame["turn"] for frame in frames}
