"""Refuses what the API refuses at version 2026-10-21, in the same words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from assistant.simulator import signatures
from assistant.simulator.catalogue import MODELS, Model
from assistant.simulator.errors import ApiError
from assistant.simulator.schema_rules import check_schema
from assistant.simulator.usage import cache_marks, prompt_tokens
from assistant.simulator.wire import (
    Block,
    CountTokensRequest,
    Message,
    MessagesRequest,
)

CURRENT_VERSION = "2026-10-21"
OLD_VERSION = "2023-06-01"
SAMPLING = ("temperature", "top_p", "top_k")
MAX_CACHE_MARKS = 4

R = TypeVar("R", bound=CountTokensRequest)


def check_key(headers: Mapping[str, str]) -> str:
    """The caller's key from either header; a key starting `invalid` is refused."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    key = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    if not key:
        raise ApiError(401, "x-api-key header is required")
    if key.startswith("invalid"):
        raise ApiError(401, "invalid x-api-key")
    return key


def check_version(headers: Mapping[str, str]) -> str:
    version = headers.get("anthropic-version")
    if not version:
        raise ApiError(400, "anthropic-version: header is required")
    if version not in {CURRENT_VERSION, OLD_VERSION}:
        raise ApiError(400, f'anthropic-version: "{version}" is not a valid version')
    return version


def find_model(model_id: str) -> Model:
    model = MODELS.get(model_id)
    if model is None:
        raise ApiError(404, f"model: {model_id}")
    return model


def parse_json(raw: bytes) -> dict[str, Any]:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "The request body is not valid JSON") from error
    if not isinstance(data, dict):
        raise ApiError(400, "Input should be a valid dictionary")
    return data


def parse_messages(data: Mapping[str, Any], version: str) -> MessagesRequest:
    request = _parse(MessagesRequest, _without_old_sampling(data, version))
    model = find_model(request.model)
    if request.max_tokens > model.max_tokens:
        raise ApiError(
            400,
            f"max_tokens: {request.max_tokens} > {model.max_tokens}, which is the "
            f"maximum allowed number of output tokens for {model.id}",
        )
    for index, stop in enumerate(request.stop_sequences or []):
        if not stop.strip():
            raise ApiError(
                400,
                f"stop_sequences.{index}: each stop sequence must contain "
                "non-whitespace",
            )
    _check_prompt(request, model)
    _check_effort(request, model)
    _check_thinking(request, model, request.max_tokens)
    return request


def parse_count(data: Mapping[str, Any]) -> CountTokensRequest:
    request = _parse(CountTokensRequest, data)
    model = find_model(request.model)
    _check_prompt(request, model)
    _check_thinking(request, model, model.max_tokens)
    return request


def _parse(shape: type[R], data: Mapping[str, Any]) -> R:
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ApiError(
            400, f"{where}: {first['msg']}" if where else first["msg"]
        ) from None


def _without_old_sampling(data: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    """Sampling survives only under the old version with an older model."""
    model = MODELS.get(str(data.get("model")))
    if version == OLD_VERSION and model is not None and model.older:
        return {key: value for key, value in data.items() if key not in SAMPLING}
    return data


def _check_prompt(request: CountTokensRequest, model: Model) -> None:
    _check_roles(request.messages, model)
    _check_tools(request, model)
    _check_cache_marks(request)
    for index, message in enumerate(request.messages):
        _check_blocks(index, message)
    _check_tool_pairs(request.messages)
    signatures.check_replayed_thinking(request)
    schema = request.output_schema
    if schema is not None:
        check_schema(schema)
    tokens = prompt_tokens(request)
    if tokens > model.max_input_tokens:
        raise ApiError(
            400,
            f"prompt is too long: {tokens} tokens > {model.max_input_tokens} maximum",
        )


def _check_roles(messages: list[Message], model: Model) -> None:
    if messages[0].role != "user":
        raise ApiError(400, 'messages: first message must use the "user" role')
    spoken = [message for message in messages if message.role != "system"]
    if len(spoken) != len(messages) and model.older:
        raise ApiError(400, "messages: role 'system' is not supported on this model")
    is_continued = bool(spoken[-1].of_type("server_tool_use"))
    if spoken[-1].role == "assistant" and not (model.prefill or is_continued):
        raise ApiError(
            400,
            "This model does not support assistant message prefill. The conversation "
            "must end with a user message.",
        )


def _check_tools(request: CountTokensRequest, model: Model) -> None:
    names = [tool.name for tool in request.tools or []]
    if len(names) != len(set(names)):
        raise ApiError(400, "tools: Tool names must be unique.")
    for index, tool in enumerate(request.tools or []):
        if tool.is_custom and (tool.input_schema or {}).get("type") != "object":
            raise ApiError(
                400, f"tools.{index}.custom.input_schema.type: Field required"
            )
        if tool.strict:
            check_schema(
                tool.input_schema or {}, where=f"tools.{index}.custom.input_schema"
            )
    choice = request.tool_choice
    if choice is None:
        return
    if not names:
        raise ApiError(400, "tool_choice may only be specified while providing tools")
    if choice.type in {"any", "tool"} and not model.forced_tools:
        raise ApiError(
            400,
            f"tool_choice: type '{choice.type}' is not supported on this model; "
            "use 'auto' or 'none'",
        )
    if choice.type == "tool" and choice.name not in names:
        raise ApiError(400, f"Tool '{choice.name}' not found in provided tools")


def check_plain_tools(request: CountTokensRequest) -> None:
    """Refuse tools with newer fields, as some gateways do."""
    for index, tool in enumerate(request.tools or []):
        extra = {"strict"} if tool.strict is not None else set()
        for name in sorted(extra | set(tool.model_extra or {})):
            raise ApiError(
                400, f"tools.{index}.custom.{name}: Extra inputs are not permitted"
            )


def _check_cache_marks(request: CountTokensRequest) -> None:
    marks = cache_marks(request)
    if len(marks) > MAX_CACHE_MARKS:
        raise ApiError(
            400,
            f"A maximum of {MAX_CACHE_MARKS} blocks with cache_control may be "
            f"provided. Found {len(marks)}.",
        )
    if "1h" in marks and "5m" in marks[: len(marks) - marks[::-1].index("1h")]:
        raise ApiError(
            400,
            "a ttl='1h' cache_control block must not come after a ttl='5m' "
            "cache_control block",
        )


def _check_blocks(index: int, message: Message) -> None:
    if not message.content and message.role != "assistant":
        raise ApiError(400, f"messages.{index}: user messages must have content")
    for number, block in enumerate(message.blocks):
        where = f"messages.{index}.content.{number}"
        problem = _block_problem(message.role, block)
        if problem:
            raise ApiError(400, f"{where}: {problem}")


def _block_problem(role: str, block: Block) -> str | None:
    if block.type == "text" and not (block.text or "").strip():
        return "text content blocks must contain non-whitespace text"
    if block.type == "document" and role == "assistant":
        return "document blocks are not permitted in assistant messages"
    if block.type == "text" and block.citations and role == "user":
        return "citations are not permitted on text blocks in user messages"
    if block.type in {"tool_use", "thinking"} and role != "assistant":
        return f"`{block.type}` blocks can only be in `assistant` messages"
    if block.type == "tool_result" and role != "user":
        return "`tool_result` blocks can only be in `user` messages"
    if block.type == "tool_use" and (block.input is None or not block.id):
        return "tool_use: `id` and `input` are required"
    return None


def _check_tool_pairs(messages: list[Message]) -> None:
    """Every tool_use is answered in the next message, and nothing else is."""
    asked: set[str | None] = set()
    for index, message in enumerate(messages):
        if message.role == "system":
            continue
        answered = {block.tool_use_id for block in message.of_type("tool_result")}
        if message.role == "user" and asked - answered:
            missing = ", ".join(sorted(map(str, asked - answered)))
            raise ApiError(
                400,
                f"messages.{index}: `tool_use` ids were found without `tool_result` "
                f"blocks immediately after: {missing}",
            )
        if answered - asked:
            extra = ", ".join(sorted(map(str, answered - asked)))
            raise ApiError(
                400,
                f"messages.{index}: unexpected `tool_use_id` found in `tool_result` "
                f"blocks: {extra}",
            )
        asked = {block.id for block in message.of_type("tool_use")}


def _check_effort(request: MessagesRequest, model: Model) -> None:
    effort = request.output_config.effort if request.output_config else None
    if effort is not None and effort not in model.effort_levels:
        raise ApiError(
            400, f"output_config.effort: '{effort}' is not supported on {model.id}"
        )


def _check_thinking(request: CountTokensRequest, model: Model, max_tokens: int) -> None:
    thinking = request.thinking
    if thinking is None:
        return
    if thinking.type not in model.thinking:
        raise ApiError(
            400, f"thinking.type: '{thinking.type}' is not supported on {model.id}"
        )
    budget = thinking.budget_tokens
    if thinking.type == "enabled":
        if budget is None:
            raise ApiError(400, "thinking.enabled.budget_tokens: Field required")
        if not 1024 <= budget < max_tokens:
            raise ApiError(
                400,
                "thinking.enabled.budget_tokens: Input should be at least 1024 and "
                "less than max_tokens",
            )
    elif budget is not None:
        raise ApiError(
            400,
            f"thinking.{thinking.type}.budget_tokens: Extra inputs are not permitted",
        )
    effort = request.output_config.effort if request.output_config else None
    if thinking.type == "between_tools" and effort in {"xhigh", "max"}:
        raise ApiError(
            400, f"thinking.type: 'between_tools' is not allowed with effort '{effort}'"
        )
