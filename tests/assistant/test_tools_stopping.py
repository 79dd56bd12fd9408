"""Answers stopped, or lost with their process, while a tool works."""

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.enums import ToolCallState, TurnState
from assistant.models import ModelCall, ToolCall, Turn
from assistant.services.endings import DEAD_AFTER, interrupt_dead_turns
from assistant.services.tool_calls import STOPPED
from assistant.tools.shown import list_tools
from assistant.turns.live import LiveTurn, Side
from base.clock import now
from billing.models import Usage
from interviews.models import Interview
from tests.assistant.toolbox import make_interview, roles, set_tool, wait_for_ever
from tests.assistant.turns import acheck_sums, begin, end, use
from tests.fakes.script import OUTPUT_TOKENS, ScriptedModel, calls, results_in, says

pytestmark = pytest.mark.django_db(transaction=True)

LIST = ("list_files", {"folder": None})
READ = ("search", {"text": "pass", "is_regex": False, "path": None})


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(transactional_db: None) -> Interview:
    return make_interview()


async def until_running(live: LiveTurn) -> None:
    """Wait until a tool is under way."""
    async for part in live.text.follow(0):
        if isinstance(part, Side) and part.frame["state"] == "running":
            return


async def test_stop_while_a_tool_works_leaves_every_call_a_result(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_tool(monkeypatch, "run_tests", wait_for_ever)
    step = calls(LIST, ("run_tests", {}), READ, text="I run them.")
    use(monkeypatch, ScriptedModel(step))
    live = await begin(interview)
    async for part in live.text.follow(0):
        if isinstance(part, Side) and part.frame["name"] == "run_tests":
            break
    live.stop()
    turn = await end(live)

    assert turn.state == TurnState.STOPPED
    states = ToolCall.objects.filter(turn=turn).order_by("number")
    assert [call.state async for call in states] == ["failed", "stopped", "stopped"]
    sides = [part async for part in live.text.follow(0) if isinstance(part, Side)]
    shown = {side.frame["call"]: side.frame["state"] for side in sides}
    kept = (await sync_to_async(list_tools)(interview))[str(turn.pk)]
    assert {frame["call"]: frame["state"] for frame in kept} == shown
    assert [frame["state"] for frame in kept] == ["failed", "stopped", "stopped"]
    use(monkeypatch, after := ScriptedModel(says("Fine.")))
    await end(await begin(interview, "Go on"))
    results = results_in(after.requests[0].messages)
    assert [STOPPED in result["content"] for result in results] == [False, True, True]
    assert roles(after.requests[0].messages) == ["user", "assistant", "user"]
    await acheck_sums()


async def test_process_killed_while_a_tool_works_leaves_all_accounted(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_tool(monkeypatch, "run_tests", wait_for_ever)
    use(monkeypatch, ScriptedModel(calls(("run_tests", {}), text="I run them.")))
    live = await begin(interview)
    await until_running(live)
    dead = Turn.objects.filter(pk=live.id)
    await dead.aupdate(heartbeat_at=now() - 2 * DEAD_AFTER, owner="gone")
    await sync_to_async(interrupt_dead_turns)(interview)
    live.stop()
    await end(live)

    turn = await Turn.objects.aget(pk=live.id)
    call = await ToolCall.objects.aget(turn=turn)
    assert (turn.state, call.state) == (TurnState.INTERRUPTED, ToolCallState.STOPPED)
    rows = Usage.objects.filter(labels__turn=str(turn.pk))
    assert [row.output_tokens async for row in rows] == [OUTPUT_TOKENS]
    assert await ModelCall.objects.filter(turn=turn).acount() == 1
    use(monkeypatch, after := ScriptedModel(says("Fine.")))
    await end(await begin(interview, "Go on"))
    (result,) = results_in(after.requests[0].messages)
    assert STOPPED in result["content"]
    await acheck_sums()
