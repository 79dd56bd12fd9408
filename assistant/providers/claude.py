"""The Messages API through the official SDK: one call of each kind, as it is."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Any, cast

import httpx2
from anthropic import AsyncAPIResponse
from anthropic.types import MessageParam, TextBlockParam
from django.conf import settings

from assistant.configuration import Configuration
from assistant.providers import shaping
from assistant.providers.clients import client_for, make_client, stream_timeout
from assistant.providers.failures import (
    FAILURES,
    garbled_answer,
    incomplete_answer,
    translate_failure,
)
from assistant.providers.key_health import KEY_CODES, note_limits, rest_key
from assistant.providers.parts import (
    AnswerPart,
    ChatRequest,
    JudgeAnswer,
    JudgeRequest,
)
from assistant.providers.streaming import AnswerReader

logger = logging.getLogger(__name__)

_JUDGE_TIMEOUT = httpx2.Timeout(300.0, connect=5.0)
_COUNT_TIMEOUT = 3.0
# After its last event a stream should end at once; its connection is wanted again.
_GRACE_SECONDS = 1.0


def _effort(request: ChatRequest) -> str:
    """Return the wished effort; a short answer is to take little."""
    if settings.ANTHROPIC_EFFORT == "none":
        return ""
    return "low" if request.brief else settings.ANTHROPIC_EFFORT


def _messages(target: Configuration, request: ChatRequest) -> list[MessageParam]:
    messages = shaping.shape_messages(target.known_facts(), request.messages)
    return cast("list[MessageParam]", messages)


async def count_input(configuration: Configuration, request: ChatRequest) -> int | None:
    """Ask the API how many input tokens a request has; None when it does not say.

    It is free, but a round trip, so it is asked where the answer decides something.
    """
    try:
        count = await client_for(configuration).messages.count_tokens(
            model=configuration.model,
            system=cast("list[TextBlockParam]", list(request.system)),
            messages=_messages(configuration, request),
            timeout=_COUNT_TIMEOUT,
        )
    except FAILURES as error:
        logger.warning("Tokens were not counted (%s)", translate_failure(error).code)
        return None
    return count.input_tokens


def shape_request(target: Configuration, request: ChatRequest) -> dict[str, Any]:
    """Return what is sent to the target's model for a request: the call's arguments."""
    facts = target.known_facts()
    arguments: dict[str, Any] = {
        "model": target.model,
        "max_tokens": shaping.shape_max_tokens(facts, request.max_tokens),
        "system": list(request.system),
        "messages": _messages(target, request),
        "metadata": {"user_id": request.reference},
    }
    effort = _effort(request)
    output = shaping.shape_output(facts, effort=effort)
    if output:
        arguments["output_config"] = output
    thinking = shaping.shape_thinking(facts, effort=effort)
    if request.is_quick and thinking is not None:
        arguments["thinking"] = thinking
    if request.tools:
        arguments["tools"] = list(request.tools)
        if request.tool_choice is not None:
            choice = shaping.shape_tool_choice(facts, request.tool_choice)
            arguments["tool_choice"] = choice
    return arguments


async def stream_once(
    target: Configuration, request: ChatRequest
) -> AsyncGenerator[AnswerPart, None]:
    """Yield the parts of one call's answer as they arrive.

    Raises ProviderError; a stream that ends without a stop reason is a failure.
    Closing the iterator closes the connection, which stops the model.
    """
    async with AsyncExitStack() as stack:
        try:
            begins_by = _after("first_token_seconds")
            async with asyncio.timeout_at(begins_by):
                response = await stack.enter_async_context(_open(target, request))
            await asyncio.to_thread(note_limits, target, response.headers)
            reader = AnswerReader(response.headers.get("request-id", ""))
            chunks = await stack.enter_async_context(aclosing(_chunks(response)))
            while (chunk := await _next(chunks, reader, begins_by)) is not None:
                for part in reader.feed(chunk):
                    yield part
        except (*FAILURES, TimeoutError) as error:
            raise translate_failure(error) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise garbled_answer() from error
    ended = reader.end()
    if ended is None:
        raise incomplete_answer()
    yield ended


def _open(target: Configuration, request: ChatRequest) -> Any:
    messages = client_for(target).messages
    return messages.with_streaming_response.create(
        **shape_request(target, request), stream=True, timeout=stream_timeout()
    )


async def _chunks(response: AsyncAPIResponse[Any]) -> AsyncGenerator[bytes, None]:
    async for chunk in response.iter_bytes():
        yield chunk


async def _next(
    chunks: AsyncIterator[bytes], reader: AnswerReader, begins_by: float
) -> bytes | None:
    """Wait for the next bytes, as long as the phase allows; None at the end."""
    if reader.has_ended:
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                return await anext(chunks, None)
        except TimeoutError:
            return None
    until = _after("between_tokens_seconds") if reader.has_content else begins_by
    async with asyncio.timeout_at(until):
        return await anext(chunks, None)


def _after(phase: str) -> float:
    seconds: float = settings.MODEL_CALLS[phase]
    return asyncio.get_running_loop().time() + seconds


async def judge(configuration: Configuration, request: JudgeRequest) -> JudgeAnswer:
    """Ask for JSON that fits a schema. Raises ProviderError.

    Workers ask seldom and each time from a new loop, so the client is not shared.
    Thinking blocks may come first, so text is found by type, never by position.
    """
    try:
        async with make_client(configuration, _JUDGE_TIMEOUT) as client:
            message = await client.messages.create(
                **_judge_arguments(configuration, request)
            )
    except FAILURES as error:
        failure = translate_failure(error)
        if failure.code in KEY_CODES:
            rest_key(configuration, failure.code, failure.retry_after)
        raise failure from error
    return JudgeAnswer(
        text="".join(block.text for block in message.content if block.type == "text"),
        stop_reason=message.stop_reason or "",
        model=str(message.model),
        request_id=message._request_id or "",
        usage=message.usage.model_dump(mode="json", exclude_none=True),
    )


def _judge_arguments(
    configuration: Configuration, request: JudgeRequest
) -> Mapping[str, Any]:
    facts = configuration.known_facts(configuration.score_model)
    output = shaping.shape_output(facts, effort="", schema=request.schema)
    arguments: dict[str, Any] = {
        "model": configuration.score_model,
        "max_tokens": shaping.shape_max_tokens(facts, request.max_tokens),
        "system": request.system,
        "messages": [{"role": "user", "content": request.text}],
        "metadata": {"user_id": request.reference},
    }
    return arguments | ({"output_config": output} if output else {})
