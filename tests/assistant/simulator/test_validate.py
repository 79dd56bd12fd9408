"""What the API refuses, refused in the same way."""

from __future__ import annotations

from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import AsyncAnthropic

from tests.assistant.conftest import Running
from tests.assistant.simulator.prompts import MODEL, ask

HEADERS = {"authorization": "Bearer k", "anthropic-version": "2026-10-21"}
TOOL = {"name": "t", "input_schema": {"type": "object"}}
BASE: dict[str, Any] = {"model": MODEL, "max_tokens": 50, "messages": ask("Hi")}
CALL = {"type": "tool_use", "id": "t1", "name": "t", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "x"}


def marked(ttl: str = "5m") -> dict[str, Any]:
    control = {"type": "ephemeral", "ttl": ttl}
    return {"type": "text", "text": "x", "cache_control": control}


def schema(node: dict[str, Any]) -> dict[str, Any]:
    return {"output_config": {"format": {"type": "json_schema", "schema": node}}}


async def post(
    simulator: Running, body: object, headers: dict[str, str] | None = None
) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=simulator.url) as http:
        return await http.post(
            "/v1/messages", json=body, headers=HEADERS if headers is None else headers
        )


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "temperature": ({"temperature": 1}, "temperature: Extra inputs are not permitted"),
    "top_p": ({"top_p": 1}, "top_p: Extra inputs are not permitted"),
    "top_k": ({"top_k": 1}, "top_k: Extra inputs are not permitted"),
    "prefill": (
        {"messages": [*ask("Hi"), {"role": "assistant", "content": "{"}]},
        "does not support assistant message prefill",
    ),
    "assistant first": (
        {"messages": [{"role": "assistant", "content": "Hi"}, *ask("Hi")]},
        "first message must use",
    ),
    "unknown role": (
        {"messages": [{"role": "bot", "content": "x"}]},
        "messages.0.role",
    ),
    "no messages": ({"messages": []}, "messages:"),
    "empty text": ({"messages": ask(" ")}, "non-whitespace"),
    "forced any": (
        {"tools": [TOOL], "tool_choice": {"type": "any"}},
        "not supported on this model",
    ),
    "forced tool": (
        {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "t"}},
        "not supported on this model",
    ),
    "twin tools": ({"tools": [TOOL, TOOL]}, "must be unique"),
    "thinking budget": (
        {"max_tokens": 5000, "thinking": {"type": "enabled", "budget_tokens": 2000}},
        "'enabled' is not supported",
    ),
    "thinking off": ({"thinking": {"type": "disabled"}}, "'disabled' is not supported"),
    "between_tools at max": (
        {"thinking": {"type": "between_tools"}, "output_config": {"effort": "max"}},
        "not allowed with effort",
    ),
    "too many tokens": ({"max_tokens": 128_001}, "128001 > 128000"),
    "five cache marks": ({"system": [marked()] * 5}, "A maximum of 4 blocks"),
    "1h after 5m": ({"system": [marked("5m"), marked("1h")]}, "must not come after"),
    "result without call": (
        {"messages": [{"role": "user", "content": [RESULT]}]},
        "unexpected `tool_use_id`",
    ),
    "call without result": (
        {"messages": [*ask("a"), {"role": "assistant", "content": [CALL]}, *ask("b")]},
        "without `tool_result`",
    ),
    "open schema": (schema({"type": "object"}), "additionalProperties"),
    "bounded schema": (
        schema({"type": "integer", "minimum": 0}),
        "properties minimum are not supported",
    ),
    "blank stop": ({"stop_sequences": [" "]}, "non-whitespace"),
}


@pytest.mark.parametrize(("change", "words"), REFUSED.values(), ids=REFUSED.keys())
async def test_request_is_refused(
    simulator: Running, change: dict[str, Any], words: str
) -> None:
    response = await post(simulator, {**BASE, **change})

    body = response.json()
    assert response.status_code == 400
    assert body["type"] == "error"
    assert body["error"]["type"] == "invalid_request_error"
    assert words in body["error"]["message"]
    assert body["request_id"] == response.headers["request-id"]


async def test_missing_max_tokens_is_refused(simulator: Running) -> None:
    response = await post(simulator, {"model": MODEL, "messages": ask("Hi")})

    assert response.json()["error"]["message"] == "max_tokens: Field required"


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
async def test_broken_body_is_refused(simulator: Running, raw: bytes) -> None:
    async with httpx2.AsyncClient(base_url=simulator.url) as http:
        response = await http.post("/v1/messages", content=raw, headers=HEADERS)

    assert response.status_code == 400


async def test_unknown_model_is_not_found(client: AsyncAnthropic) -> None:
    with pytest.raises(anthropic.NotFoundError, match="claude-nobody"):
        await client.messages.create(
            model="claude-nobody", max_tokens=9, messages=ask("Hi")
        )
    with pytest.raises(anthropic.NotFoundError):
        await client.models.retrieve("claude-nobody")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer invalid-key"}, 401),
        ({"authorization": "Bearer k"}, 400),
        ({"x-api-key": "k", "anthropic-version": "2023-06-01"}, 200),
    ],
    ids=["no key", "bad key", "no version", "old header"],
)
async def test_key_and_version_are_checked(
    simulator: Running, headers: dict[str, str], status: int
) -> None:
    response = await post(simulator, BASE, headers)

    assert response.status_code == status


async def test_old_version_takes_temperature_for_old_models_only(
    simulator: Running,
) -> None:
    old = {**HEADERS, "anthropic-version": "2023-06-01"}
    body = {**BASE, "temperature": 0.5}

    assert (await post(simulator, body, old)).status_code == 400
    body["model"] = "claude-haiku-4-5"
    assert (await post(simulator, body, old)).status_code == 200
    assert (await post(simulator, body)).status_code == 400


async def test_thinking_replayed_after_an_edited_prefix_is_refused(
    client: AsyncAnthropic,
) -> None:
    first = await client.messages.create(model=MODEL, max_tokens=99, messages=ask("Hi"))
    replay = [first.to_param(), *ask("And now?")]

    again = await client.messages.create(
        model=MODEL, max_tokens=99, messages=[*ask("Hi"), *replay]
    )
    assert again.stop_reason in {"end_turn", "max_tokens"}
    with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
        await client.messages.create(
            model=MODEL, max_tokens=99, messages=[*ask("Hello"), *replay]
        )


async def test_system_message_inside_the_conversation_is_taken(
    simulator: Running,
) -> None:
    messages = [*ask("Hi"), {"role": "system", "content": "Five minutes left."}]

    assert (await post(simulator, {**BASE, "messages": messages})).status_code == 200


async def test_wrong_method_and_path_are_refused(simulator: Running) -> None:
    async with httpx2.AsyncClient(base_url=simulator.url, headers=HEADERS) as http:
        assert (await http.get("/v1/messages")).status_code == 405
        assert (await http.get("/v1/nothing")).status_code == 404
