"""Claude through the official SDK: one client per process and event loop."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import cast
from weakref import WeakKeyDictionary

import anthropic
from anthropic import AsyncAnthropic, AsyncStream, Omit, omit
from anthropic.types import MessageParam, OutputConfigParam, RawMessageStreamEvent
from django.conf import settings

from assistant.configuration import Configuration
from assistant.providers.failures import (
    FAILURES,
    incomplete_answer,
    translate_failure,
)
from assistant.providers.parts import (
    AnswerEnded,
    AnswerPart,
    AnswerStarted,
    AnswerText,
    AnswerUsage,
    ChatRequest,
    JudgeAnswer,
    JudgeRequest,
)

logger = logging.getLogger(__name__)

_TIMEOUT = anthropic.Timeout(60.0, connect=5.0)
_JUDGE_TIMEOUT = anthropic.Timeout(300.0, connect=5.0)
_TRIES = 3
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 8.0

_clients: WeakKeyDictionary[
    asyncio.AbstractEventLoop, dict[Configuration, AsyncAnthropic]
] = WeakKeyDictionary()


def client_for(configuration: Configuration) -> AsyncAnthropic:
    """Return the shared client of the running loop; its pool keeps connections warm.

    The client is bound to the loop that first used it, so there is one for each.
    The SDK's own retries are off: it honours any `retry-after`, however long, and
    a candidate is waiting.
    """
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if configuration not in clients:
        clients[configuration] = _make_client(configuration, _TIMEOUT)
    return clients[configuration]


def _make_client(
    configuration: Configuration, timeout: anthropic.Timeout
) -> AsyncAnthropic:
    return AsyncAnthropic(
        api_key=configuration.api_key,
        base_url=configuration.base_url,
        timeout=timeout,
        max_retries=0,
    )


def _output_config() -> OutputConfigParam | Omit:
    if settings.ANTHROPIC_EFFORT == "none":
        return omit
    return cast("OutputConfigParam", {"effort": settings.ANTHROPIC_EFFORT})


async def _open_stream(
    configuration: Configuration, request: ChatRequest
) -> AsyncStream[RawMessageStreamEvent]:
    """Send the request, with a few short waits on failures that may pass."""
    client = client_for(configuration)
    wait = _FIRST_WAIT_SECONDS
    for attempt in range(1, _TRIES + 1):
        try:
            return await client.messages.create(
                model=configuration.model,
                max_tokens=request.max_tokens,
                system=[
                    {
                        "type": "text",
                        "text": request.system,
                        "cache_control": {"type": "ephemeral"},
                    }
                ],
                messages=cast("list[MessageParam]", list(request.messages)),
                metadata={"user_id": request.reference},
                output_config=_output_config(),
                stream=True,
            )
        except FAILURES as error:
            failure = translate_failure(error)
            pause = failure.retry_after or wait
            if (
                not failure.retryable
                or attempt == _TRIES
                or pause > _LONGEST_WAIT_SECONDS
            ):
                raise failure from error
            logger.warning("Assistant request failed (%s), trying again", failure.code)
            await asyncio.sleep(pause)
            wait *= 2
    raise AssertionError("unreachable")


async def stream_answer(
    configuration: Configuration, request: ChatRequest
) -> AsyncGenerator[AnswerPart, None]:
    """Yield the parts of an answer as they arrive.

    Raises ProviderError; a stream that ends without a stop reason is a failure.
    Closing the iterator closes the connection, which stops the model.
    """
    stream = await _open_stream(configuration, request)
    stop_reason: str | None = None
    try:
        async for event in stream:
            if event.type == "content_block_delta":
                if event.delta.type == "text_delta":
                    yield AnswerText(event.delta.text)
            elif event.type == "message_start":
                yield AnswerStarted(
                    model=str(event.message.model),
                    request_id=stream.response.headers.get("request-id", ""),
                    usage=event.message.usage.model_dump(
                        mode="json", exclude_none=True
                    ),
                )
            elif event.type == "message_delta":
                stop_reason = event.delta.stop_reason or stop_reason
                yield AnswerUsage(
                    event.usage.model_dump(mode="json", exclude_none=True)
                )
    except FAILURES as error:
        raise translate_failure(error) from error
    finally:
        await stream.close()
    if stop_reason is None:
        raise incomplete_answer()
    yield AnswerEnded(stop_reason)


async def judge(configuration: Configuration, request: JudgeRequest) -> JudgeAnswer:
    """Ask for JSON that fits a schema. Raises ProviderError.

    Workers ask seldom and each time from a new loop, so the client is not shared.
    Thinking blocks may come first, so text is found by type, never by position.
    """
    try:
        async with _make_client(configuration, _JUDGE_TIMEOUT) as client:
            message = await client.messages.create(
                model=configuration.score_model,
                max_tokens=request.max_tokens,
                system=request.system,
                messages=[{"role": "user", "content": request.text}],
                output_config={
                    "format": {"type": "json_schema", "schema": dict(request.schema)}
                },
                metadata={"user_id": request.reference},
            )
    except FAILURES as error:
        raise translate_failure(error) from error
    return JudgeAnswer(
        text="".join(block.text for block in message.content if block.type == "text"),
        stop_reason=message.stop_reason or "",
        model=str(message.model),
        request_id=message._request_id or "",
        usage=message.usage.model_dump(mode="json", exclude_none=True),
    )
