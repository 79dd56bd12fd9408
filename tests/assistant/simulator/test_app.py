"""The real SDK against the simulator: answers, streams, usage, models."""

from __future__ import annotations

from typing import Any

import httpx2
from anthropic import AsyncAnthropic

from tests.assistant.conftest import Running
from tests.assistant.simulator.prompts import (
    MODEL,
    NOTICE,
    ask,
    system,
    text_of,
    turn,
)


async def raw_events(client: AsyncAnthropic, **extra: Any) -> list[Any]:
    stream = await client.messages.create(
        model=MODEL, max_tokens=2000, messages=ask("Hello"), stream=True, **extra
    )
    return [event async for event in stream]


async def test_stream_keeps_the_event_order(client: AsyncAnthropic) -> None:
    events = await raw_events(client)

    kinds = [event.type for event in events]
    runs = [k for i, k in enumerate(kinds) if i == 0 or kinds[i - 1] != k]
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    assert runs == ["message_start", *block, *block, "message_delta", "message_stop"]
    assert events[1].content_block.type == "thinking"
    assert events[1].content_block.thinking == ""
    assert events[-2].delta.stop_reason == "end_turn"
    assert events[-2].usage.output_tokens > events[0].message.usage.output_tokens


async def test_stream_sends_a_ping_and_simulated_header(simulator: Running) -> None:
    async with httpx2.AsyncClient(base_url=simulator.url) as http:
        response = await http.post(
            "/v1/messages",
            headers={"x-api-key": "k", "anthropic-version": "2026-10-21"},
            json={
                "model": MODEL,
                "max_tokens": 50,
                "stream": True,
                "messages": ask("Hi"),
            },
        )

    assert "event: ping\n" in response.text
    assert response.headers["x-simulated"] == "true"
    assert response.headers["request-id"].startswith("req_sim_")


async def test_stream_and_whole_answer_agree(client: AsyncAnthropic) -> None:
    messages = ask(turn("How do I start?"))
    async with client.messages.stream(
        model=MODEL, max_tokens=2000, system=system(), messages=messages
    ) as stream:
        streamed = await stream.get_final_message()
    whole = await client.messages.create(
        model=MODEL, max_tokens=2000, system=system(), messages=messages
    )

    assert text_of(streamed) == text_of(whole)
    assert streamed.usage.output_tokens == whole.usage.output_tokens
    assert streamed.id != whole.id


async def test_answer_is_deterministic(client: AsyncAnthropic) -> None:
    texts = {
        text_of(
            await client.messages.create(
                model=MODEL,
                max_tokens=2000,
                system=system("pair"),
                messages=ask(turn("Help")),
            )
        )
        for _ in range(3)
    }

    assert len(texts) == 1
    assert texts.pop().startswith(NOTICE)


async def test_max_tokens_cuts_the_answer(client: AsyncAnthropic) -> None:
    message = await client.messages.create(
        model=MODEL, max_tokens=20, messages=ask("write a long answer")
    )

    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 20


async def test_max_tokens_zero_only_warms_the_cache(client: AsyncAnthropic) -> None:
    message = await client.messages.create(
        model=MODEL, max_tokens=0, messages=ask("Hello")
    )

    assert message.content == []
    assert message.usage.output_tokens == 0


async def test_stop_sequence_ends_the_answer(client: AsyncAnthropic) -> None:
    message = await client.messages.create(
        model=MODEL, max_tokens=500, messages=ask("Hi"), stop_sequences=["no model"]
    )

    assert message.stop_reason == "stop_sequence"
    assert message.stop_sequence == "no model"
    assert text_of(message) == "*Simulated answer: "


async def test_usage_splits_thinking_from_output(client: AsyncAnthropic) -> None:
    message = await client.messages.create(
        model=MODEL, max_tokens=500, messages=ask("Hi")
    )

    details = message.usage.output_tokens_details
    assert details is not None
    assert 0 < details.thinking_tokens < message.usage.output_tokens


async def test_between_tools_answers_without_thinking(client: AsyncAnthropic) -> None:
    message = await client.messages.create(
        model=MODEL,
        max_tokens=500,
        messages=ask("Hi"),
        thinking={"type": "between_tools"},
    )

    assert [block.type for block in message.content] == ["text"]


async def test_cache_is_written_then_read(client: AsyncAnthropic) -> None:
    prompt = "A prompt of this one test. " * 200

    async def usage(model: str = MODEL) -> tuple[int | None, int | None]:
        message = await client.messages.create(
            model=model,
            max_tokens=10,
            system=[
                {
                    "type": "text",
                    "text": prompt,
                    "cache_control": {"type": "ephemeral"},
                }
            ],
            messages=ask("Hi"),
        )
        used = message.usage
        return used.cache_creation_input_tokens, used.cache_read_input_tokens

    written, read = await usage()
    assert written
    assert written > 1000
    assert read == 0
    assert await usage() == (0, written)
    assert await usage("claude-opus-5-5") == (written, 0)


async def test_short_prompt_is_not_cached(client: AsyncAnthropic) -> None:
    for _ in range(2):
        message = await client.messages.create(
            model=MODEL,
            max_tokens=10,
            messages=ask("Hi"),
            cache_control={"type": "ephemeral"},
        )
        assert message.usage.cache_creation_input_tokens == 0
        assert message.usage.cache_read_input_tokens == 0


async def test_count_tokens_matches_the_usage(client: AsyncAnthropic) -> None:
    counted = await client.messages.count_tokens(
        model=MODEL, system=system(), messages=ask("Hello")
    )
    message = await client.messages.create(
        model=MODEL, max_tokens=10, system=system(), messages=ask("Hello")
    )

    assert counted.input_tokens == message.usage.input_tokens


async def test_models_carry_lifecycle(client: AsyncAnthropic) -> None:
    models = {model.id: model async for model in client.models.list()}
    one = await client.models.retrieve(MODEL)

    assert models[MODEL] == one
    assert one.lifecycle == "active"
    assert one.display_name.endswith("(simulated)")
    assert one.capabilities is not None
    assert one.capabilities.structured_outputs.supported
    assert not one.capabilities.thinking.types.enabled.supported
    assert models["claude-sonnet-4-5"].lifecycle == "deprecated"
    assert models["claude-sonnet-4-5"].retires_at is not None


async def test_request_log_is_bounded_and_names_the_client(
    client: AsyncAnthropic, simulator: Running
) -> None:
    for _ in range(51):
        await client.messages.create(model=MODEL, max_tokens=1, messages=ask("Hi"))
    async with httpx2.AsyncClient(base_url=simulator.url) as http:
        listed = (await http.get("/simulator/requests")).json()["requests"]

    assert len(listed) == 50
    assert listed[-1]["user_agent"].startswith("AsyncAnthropic/Python")
    assert listed[-1]["model"] == MODEL
    assert listed[-1]["messages"] == 1
    assert listed[-1]["body"]["max_tokens"] == 1


async def test_health_says_simulated(simulator: Running) -> None:
    async with httpx2.AsyncClient(base_url=simulator.url) as http:
        response = await http.get("/healthz")

    assert response.json() == {"status": "ok", "simulated": True}


async def test_control_refuses_a_browser_page(simulator: Running) -> None:
    async with httpx2.AsyncClient(base_url=simulator.url) as http:
        response = await http.post(
            "/simulator/faults",
            headers={"origin": "https://elsewhere.example"},
            json={"next": ["500"]},
        )

    assert response.status_code == 403
    assert simulator.app.faults.pending() == []
