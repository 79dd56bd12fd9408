"""Answers that use tools: the calls, what the model is told, what it takes, its end."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.context.store import rebuild_request
from assistant.context.texts import ENDED_HERE
from assistant.enums import ToolCallState, TurnState
from assistant.models import ContextRequest, Message, ToolCall, Turn
from assistant.selectors import cost_fields
from assistant.tools.base import ToolContext, ToolOutcome
from assistant.tools.shown import list_tools
from assistant.turns import chain, toolwork
from assistant.turns.live import Delta, Side
from billing.models import Usage
from interviews.enums import Policy
from interviews.models import Event, Interview
from tests.assistant.toolbox import (
    amake_interview,
    awrite,
    make_interview,
    roles,
    set_tool,
    wait_for_ever,
)
from tests.assistant.turns import acheck_sums, begin, end, use
from tests.fakes.script import (
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    ScriptedModel,
    Step,
    calls,
    results_in,
    says,
)

pytestmark = pytest.mark.django_db(transaction=True)

LIST = ("list_files", {"folder": None})
READ = ("search", {"text": "pass", "is_regex": False, "path": None})


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.LIMITS = {**settings.LIMITS, "steps_agent": 6}


@pytest.fixture
def interview(transactional_db: None) -> Interview:
    return make_interview()


async def played(
    monkeypatch: pytest.MonkeyPatch, interview: Interview, *script: Step
) -> tuple[ScriptedModel, Turn, Message]:
    """Ask a model that follows a script, and wait for the end."""
    await awrite(interview, "solution.py", "pass\n")
    model = use(monkeypatch, ScriptedModel(*script))
    turn = await end(await begin(interview))
    answer = await Message.objects.select_related("usage").aget(
        turn=turn, role="assistant"
    )
    return model, turn, answer


def kinds(message: Mapping[str, Any]) -> list[str]:
    return [block["type"] for block in message["content"]]


async def rebuilt(turn: Turn, step: int) -> dict[str, Any]:
    return await sync_to_async(rebuild_request)(turn, step)


# The loop


async def test_answer_goes_on_once_its_tools_have_run(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, turn, answer = await played(
        monkeypatch, interview, calls(LIST, READ, text="I look."), says("It passes.")
    )

    assert (turn.state, answer.stop_reason) == (TurnState.FINISHED, "end_turn")
    assert answer.text == "I look.\n\nIt passes."
    first, second = model.requests
    assert second.messages[: len(first.messages) - 1] == first.messages[:-1]
    said, told = second.messages[-2:]
    assert kinds(said) == ["thinking", "text", "tool_use", "tool_use"]
    assert kinds(told) == ["tool_result", "tool_result"]
    asked = [block["id"] for block in said["content"][2:]]
    assert [block["tool_use_id"] for block in told["content"]] == asked
    assert "solution.py" in told["content"][0]["content"]
    assert [tool["name"] for tool in second.tools][:2] == ["list_files", "read_file"]
    assert first.tools == second.tools


async def test_each_request_of_an_answer_is_rebuilt_to_the_byte(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, turn, _answer = await played(
        monkeypatch, interview, calls(LIST), calls(READ), says("Done.")
    )

    for step, request in enumerate(model.requests):
        again = await rebuilt(turn, step)
        assert again["messages"] == request.messages
        assert again["tools"] == request.tools
        assert again["system"] == request.system
    marks = [
        sum(
            "cache_control" in block
            for message in request.messages
            for block in message["content"]
        )
        for request in model.requests
    ]
    assert all(1 <= count <= 3 for count in marks)


async def test_each_call_to_the_model_is_booked_by_itself(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    _model, turn, answer = await played(
        monkeypatch, interview, calls(LIST), calls(READ), says("Done.")
    )

    rows = [row async for row in Usage.objects.filter(labels__turn=str(turn.pk))]
    assert sorted(row.labels.get("step", "0") for row in rows) == ["0", "1", "2"]
    assert {row.output_tokens for row in rows} == {OUTPUT_TOKENS}
    cost = await sync_to_async(cost_fields)(answer)
    assert cost["usage"] == {
        "input_tokens": 3 * INPUT_TOKENS,
        "output_tokens": 3 * OUTPUT_TOKENS,
        "total_tokens": 3 * (INPUT_TOKENS + OUTPUT_TOKENS),
    }
    await acheck_sums()


async def test_next_question_sends_what_the_tools_gave(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _turn, _answer = await played(
        monkeypatch, interview, calls(LIST), says("Done.")
    )
    await end(await begin(interview, "And now?"))

    before, after = model.requests[-2:]
    assert len(results_in(after.messages)) == 1
    assert roles(after.messages) == ["user", "assistant"] * 2 + ["user"]
    assert len(before.messages) == 3


# What pages and the record see


async def test_calls_are_told_in_order_and_kept(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    await awrite(interview, "solution.py", "pass\n")
    use(monkeypatch, ScriptedModel(calls(LIST, text="I look."), says("Yes.")))
    live = await begin(interview)
    parts = [part async for part in live.text.follow(0)]
    await end(live)

    texts = "".join(part.text for part in parts if isinstance(part, Delta))
    frames = [part.frame for part in parts if isinstance(part, Side)]
    assert texts == "I look.\n\nYes."
    assert [(frame["type"], frame["state"]) for frame in frames] == [
        ("turn.tool", "running"),
        ("turn.tool", "done"),
    ]
    assert [part.offset for part in parts if isinstance(part, Side)] == [7, 7]
    shown = await sync_to_async(list_tools)(interview)
    (kept,) = shown[str(live.id)]
    assert kept == {**frames[1], "detail": frames[1]["detail"]}
    events = Event.objects.filter(kind__startswith="tool.").order_by("seq")
    told = [(event.kind, event.payload["call"]) async for event in events]
    assert told == [
        ("tool.called", frames[0]["call"]),
        ("tool.ended", frames[0]["call"]),
    ]


# Where it ends


async def test_last_step_is_told_and_then_no_tool_is_run(
    interview: Interview, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "steps_agent": 3}
    script = [calls(("search", {"text": f"p{n}", "is_regex": False})) for n in range(4)]
    model, turn, answer = await played(monkeypatch, interview, *script)

    assert (turn.state, answer.stop_reason) == (TurnState.FINISHED, chain.STEP_LIMIT)
    assert len(model.requests) == 3
    assert model.requests[1].messages[-1]["content"][-1]["type"] == "tool_result"
    assert chain.LAST_STEP in model.requests[2].messages[-1]["content"][-1]["text"]
    last = await ToolCall.objects.select_related("result").aget(turn=turn, step=2)
    assert last.state == ToolCallState.FAILED
    assert last.result is not None
    assert toolwork.NO_MORE in last.result.content
    use(monkeypatch, after := ScriptedModel(says("Fine.")))
    await end(await begin(interview, "Go on"))
    assert ENDED_HERE in str(after.requests[0].messages)
    assert len(results_in(after.requests[0].messages)) == 3


async def test_last_step_may_answer_in_words(
    interview: Interview, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "steps_agent": 2}
    _model, _turn, answer = await played(
        monkeypatch, interview, calls(LIST), says("So far.")
    )

    assert (answer.stop_reason, answer.text) == ("end_turn", "So far.")


async def test_circling_is_told_and_ends(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _turn, answer = await played(monkeypatch, interview, calls(LIST))

    assert answer.stop_reason == chain.LOOP
    assert len(model.requests) == 4
    assert chain.CIRCLING in str(model.requests[-1].messages[-1])
    assert "you have made this very call before" in str(model.results[-1])


async def test_each_step_and_all_of_them_have_so_many_tokens(
    interview: Interview, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    own = {"output_tokens": 1_000, "chain_tokens_agent": 2_500}
    settings.LIMITS = {**settings.LIMITS, **own}
    step = partial(calls, tokens=900)
    model, _turn, answer = await played(
        monkeypatch, interview, step(LIST), step(READ), step(LIST), says("Done.")
    )

    assert [request.max_tokens for request in model.requests] == [1_000, 1_000, 700]
    assert answer.stop_reason == "max_tokens"


async def test_long_chain_of_an_agent_comes_to_its_end(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = [
        calls(("search", {**READ[1], "text": str(n)}), tokens=3_000) for n in range(5)
    ]
    _model, turn, answer = await played(
        monkeypatch, interview, *edits, says("All done.", tokens=3_000)
    )

    assert (turn.state, answer.stop_reason) == (TurnState.FINISHED, "end_turn")
    assert answer.text == "All done."


async def test_agent_is_parked_where_the_candidate_has_to_decide(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = {"question": "Which?", "options": ["a", "b"], "allows_several": False}
    model, turn, answer = await played(
        monkeypatch, interview, calls(("ask_candidate", question), text="Tell me.")
    )

    assert (turn.state, answer.stop_reason) == (TurnState.FINISHED, chain.PARKED)
    assert len(model.requests) == 1
    await end(await begin(interview, "The first"))
    messages = model.requests[-1].messages
    assert roles(messages) == ["user", "assistant", "user"]
    assert kinds(messages[-1])[0] == "tool_result"
    assert ENDED_HERE not in str(messages)
    await acheck_sums()


# What goes wrong


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (calls(("launch_rocket", {})), "There is no such tool here."),
        (calls(("read_file", {"file": "x"})), "The input does not fit"),
        (calls(("read_file", {}), is_whole=False), "cut off"),
        (calls(("read_file", ["no", "object"])), "cut off"),
    ],
    ids=["unknown tool", "wrong input", "cut off input", "no object"],
)
async def test_wrong_call_is_an_error_the_model_reads(
    interview: Interview, monkeypatch: pytest.MonkeyPatch, step: Step, told: str
) -> None:
    model, turn, answer = await played(monkeypatch, interview, step, says("Sorry."))

    (result,) = model.results
    assert (turn.state, answer.text) == (TurnState.FINISHED, "Sorry.")
    assert result["is_error"] is True
    assert told in result["content"]
    block = model.requests[-1].messages[-2]["content"][-1]
    assert isinstance(block["input"], dict)


async def test_call_cut_off_by_the_limit_is_not_run(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = calls(LIST, text="I lo", reason="max_tokens", is_whole=False)
    model, turn, answer = await played(monkeypatch, interview, cut, says("Yes."))

    assert (answer.text, answer.stop_reason) == ("I lo", "max_tokens")
    assert not await ToolCall.objects.filter(turn=turn).aexists()
    await end(await begin(interview, "Go on"))
    assert "tool_use" not in str(model.requests[-1].messages)


async def test_refusal_after_a_tool_begins_anew(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    _model, _turn, answer = await played(
        monkeypatch, interview, calls(LIST), says("I can", reason="refusal")
    )
    use(monkeypatch, after := ScriptedModel(says("Hello.")))
    second = await end(await begin(interview, "Something else"))

    assert answer.stop_reason == "refusal"
    request = await ContextRequest.objects.select_related("epoch").aget(turn=second)
    assert request.epoch.reason == "refused"
    assert results_in(after.requests[0].messages) == []


async def test_tool_that_fails_for_a_reason_of_ours_ends_nothing(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_tool(monkeypatch, "list_files", _break)
    model, turn, answer = await played(
        monkeypatch, interview, calls(LIST), says("Without it.")
    )

    assert (turn.state, answer.text) == (TurnState.FINISHED, "Without it.")
    assert "for a reason of ours" in model.results[0]["content"]


async def test_tool_that_takes_too_long_is_given_up(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_tool(monkeypatch, "run_tests", wait_for_ever, seconds=0.05)
    model, _turn, answer = await played(
        monkeypatch, interview, calls(("run_tests", {})), says("It hangs.")
    )

    assert answer.text == "It hangs."
    assert "took too long" in model.results[0]["content"]


def _break(_context: ToolContext, _asked: object) -> ToolOutcome:
    raise RuntimeError("broken")


async def test_hints_get_no_tools_that_write_or_run(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints = await amake_interview(Policy.HINTS)
    model, _turn, _answer = await played(
        monkeypatch, hints, calls(("run_command", {"command": "ls"})), says("No.")
    )

    names = {tool["name"] for tool in model.requests[0].tools}
    assert names == {"list_files", "read_file", "search", "ask_candidate"}
    assert "There is no such tool here." in model.results[0]["content"]
