"""Tool calls: when they are made, with which arguments, and what follows."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import AsyncAnthropic
from anthropic.types import ToolParam

from tests.assistant.simulator.prompts import (
    MODEL,
    NOTICE,
    SOLUTION,
    TEST_OUTPUT,
    ask,
    system,
    text_of,
    turn,
)

RUN_TESTS: ToolParam = {
    "name": "run_tests",
    "description": "Runs the visible tests.",
    "input_schema": {
        "type": "object",
        "properties": {"command": {"type": "string"}},
        "required": ["command"],
    },
}
READ_FILE: ToolParam = {
    "name": "read_file",
    "input_schema": {
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
    },
}
PROPOSE_EDIT: ToolParam = {
    "name": "propose_edit",
    "input_schema": {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "old_text": {"type": "string"},
            "new_text": {"type": "string"},
        },
        "required": ["path", "old_text", "new_text"],
    },
}

PROPOSE_PARTS: ToolParam = {
    "name": "propose_edit",
    "input_schema": {
        "type": "object",
        "properties": {
            "summary": {"type": "string"},
            "edits": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["summary", "edits"],
    },
}


async def test_tool_round_trip_streams_arguments_and_uses_the_result(
    client: AsyncAnthropic,
) -> None:
    messages = ask(turn("Please run the tests"))
    async with client.messages.stream(
        model=MODEL,
        max_tokens=2000,
        system=system("agent"),
        messages=messages,
        tools=[RUN_TESTS, PROPOSE_EDIT],
    ) as stream:
        kinds = [event.type async for event in stream]
        called = await stream.get_final_message()
    assert called.stop_reason == "tool_use"
    assert kinds.count("input_json") > 1
    call = called.content[-1]
    assert call.type == "tool_use"
    assert call.input == {"command": "python3 -m pytest -q tests"}

    messages += [
        called.to_param(),
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": call.id, "content": TEST_OUTPUT}
            ],
        },
    ]
    answered = await client.messages.create(
        model=MODEL,
        max_tokens=2000,
        system=system("agent"),
        messages=messages,
        tools=[RUN_TESTS, PROPOSE_EDIT],
    )

    assert answered.stop_reason == "end_turn"
    assert text_of(answered).startswith(NOTICE)
    assert "`run_tests`" in text_of(answered)
    assert "`test_longer`: `AssertionError: assert 1 == 5`" in text_of(answered)


async def test_failed_tool_is_said(client: AsyncAnthropic) -> None:
    answered = await client.messages.create(
        model=MODEL,
        max_tokens=2000,
        tools=[RUN_TESTS],
        messages=[
            {"role": "user", "content": "Run the tests"},
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": "t1", "name": "run_tests", "input": {}}
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t1",
                        "is_error": True,
                        "content": [{"type": "text", "text": "no sandbox"}],
                    }
                ],
            },
        ],
    )

    assert "`run_tests` did not work: no sandbox" in text_of(answered)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Please read solution.py", {"path": "word-ladder/solution.py"}),
        ("Please read tests/test_a.py", {"path": "tests/test_a.py"}),
    ],
    ids=["known file", "unknown file"],
)
async def test_read_file_is_called_with_the_named_path(
    client: AsyncAnthropic, message: str, expected: dict[str, str]
) -> None:
    called = await client.messages.create(
        model=MODEL, max_tokens=500, messages=ask(turn(message)), tools=[READ_FILE]
    )

    call = called.content[-1]
    assert call.type == "tool_use"
    assert call.input == expected


async def test_edit_is_not_proposed_unasked(client: AsyncAnthropic) -> None:
    answered = await client.messages.create(
        model=MODEL,
        max_tokens=2000,
        system=system("agent"),
        messages=ask(turn("How do I start?")),
        tools=[PROPOSE_EDIT],
    )

    assert answered.stop_reason == "end_turn"


async def test_proposed_edit_applies_to_the_file(client: AsyncAnthropic) -> None:
    called = await client.messages.create(
        model=MODEL,
        max_tokens=2000,
        system=system("agent"),
        messages=ask(turn("Propose an edit")),
        tools=[PROPOSE_EDIT],
    )

    call = called.content[-1]
    assert call.type == "tool_use"
    old, new = str(call.input["old_text"]), str(call.input["new_text"])
    assert SOLUTION.count(old) == 1
    assert "# Step 1: Think of words as nodes." in new
    compile(SOLUTION.replace(old, new), "solution.py", "exec")


async def test_change_in_parts_is_proposed_as_parts(client: AsyncAnthropic) -> None:
    called = await client.messages.create(
        model=MODEL,
        max_tokens=2000,
        system=system("agent"),
        messages=ask(turn("Propose an edit in two parts")),
        tools=[PROPOSE_PARTS],
    )

    call = called.content[-1]
    assert call.type == "tool_use"
    asked: Any = call.input
    [edit] = asked["edits"]
    text = SOLUTION
    for hunk in edit["hunks"]:
        assert text.count(hunk["old_text"]) == 1
        text = text.replace(hunk["old_text"], hunk["new_text"])
    assert len(edit["hunks"]) == 2
    compile(text, "solution.py", "exec")


async def test_decisions_are_said_back(client: AsyncAnthropic) -> None:
    decided = "<decision>\nThe candidate chose: the smallest case\n</decision>\n"

    answered = await client.messages.create(
        model=MODEL,
        max_tokens=2000,
        system=system("agent"),
        messages=ask(decided + turn("And now?")),
    )

    assert "> The candidate chose: the smallest case" in text_of(answered)


async def test_parked_question_is_not_asked_again_once_it_is_answered(
    client: AsyncAnthropic,
) -> None:
    call = {"type": "tool_use", "id": "t1", "name": "ask_candidate", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "Asked."}
    decided = "<decision>\nThe candidate chose: the smallest case\n</decision>"
    words = f"{decided}\n<note>The candidate has decided. Go on.</note>"
    messages: Any = [
        *ask(turn("Please ask me a question")),
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result, {"type": "text", "text": words}]},
    ]

    answered = await client.messages.create(
        model=MODEL, max_tokens=2000, system=system("agent"), messages=messages
    )

    assert "> The candidate chose: the smallest case" in text_of(answered)
    assert "Choose below" not in text_of(answered)


async def test_tool_choice_none_calls_nothing(client: AsyncAnthropic) -> None:
    answered = await client.messages.create(
        model=MODEL,
        max_tokens=500,
        messages=ask("Run the tests"),
        tools=[RUN_TESTS],
        tool_choice={"type": "none"},
    )

    assert answered.stop_reason == "end_turn"


async def test_file_result_is_read_for_functions(client: AsyncAnthropic) -> None:
    answered = await client.messages.create(
        model=MODEL,
        max_tokens=2000,
        tools=[READ_FILE],
        messages=[
            {"role": "user", "content": "Read solution.py"},
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": "t1", "name": "read_file", "input": {}}
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": SOLUTION}
                ],
            },
        ],
    )

    assert "`neighbours`, `shortest_ladder`" in text_of(answered)


async def test_new_question_behind_a_parked_call_is_what_is_answered(
    client: AsyncAnthropic,
) -> None:
    call = {"type": "tool_use", "id": "t1", "name": "propose_edit", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "undecided"}
    decided = "<decision>\nThe candidate accepted all of it.\n</decision>\n"

    async def answer(text: str) -> Any:
        messages: Any = [
            {"role": "user", "content": turn("Please propose an edit")},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result, {"type": "text", "text": text}]},
        ]
        return await client.messages.create(
            model=MODEL,
            max_tokens=2000,
            system=system("agent"),
            tools=[PROPOSE_EDIT],
            messages=messages,
        )

    told = await answer(decided)
    assert "The candidate accepted all of it." in text_of(told)
    assert "Nothing is written yet" not in text_of(told)
    again = await answer(turn("Please propose another edit"))
    assert [b.name for b in again.content if b.type == "tool_use"] == ["propose_edit"]


async def test_forced_tool_is_called_where_the_model_takes_it(
    client: AsyncAnthropic,
) -> None:
    called = await client.messages.create(
        model="claude-haiku-5-5",
        max_tokens=500,
        messages=ask("Hello"),
        tools=[RUN_TESTS, READ_FILE],
        tool_choice={"type": "tool", "name": "read_file"},
    )

    assert [b.name for b in called.content if b.type == "tool_use"] == ["read_file"]


async def test_call_cut_by_max_tokens_is_no_tool_use(client: AsyncAnthropic) -> None:
    called = await client.messages.create(
        model=MODEL,
        max_tokens=8,
        messages=ask(turn("Propose an edit")),
        tools=[PROPOSE_EDIT],
    )

    assert called.stop_reason == "max_tokens"
