"""Claude through the official SDK: one client per process and event loop."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast
from weakref import WeakKeyDictionary

import anthropic
from anthropic import AsyncAnthropic, AsyncStream, Omit, omit
from anthropic.types import (
    MessageParam,
    OutputConfigParam,
    RawContentBlockDelta,
    RawMessageStreamEvent,
    TextBlockParam,
)
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
    AnswerThought,
    AnswerUsage,
    ChatRequest,
    JudgeAnswer,
    JudgeRequest,
    TryBegun,
    TryFailed,
)

logger = logging.getLogger(__name__)

_TIMEOUT = anthropic.Timeout(60.0, connect=5.0)
_JUDGE_TIMEOUT = anthropic.Timeout(300.0, connect=5.0)
_COUNT_TIMEOUT = 3.0
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


def _output_config(request: ChatRequest) -> OutputConfigParam | Omit:
    if settings.ANTHROPIC_EFFORT == "none":
        return omit
    effort = "low" if request.brief else settings.ANTHROPIC_EFFORT
    return cast("OutputConfigParam", {"effort": effort})


def _system(request: ChatRequest) -> list[TextBlockParam]:
    cached: TextBlockParam = {
        "type": "text",
        "text": request.system,
        "cache_control": {"type": "ephemeral"},
    }
    if not request.brief:
        return [cached]
    return [cached, {"type": "text", "text": request.brief}]


async def count_input(configuration: Configuration, request: ChatRequest) -> int | None:
    """Ask the API how many input tokens a request has; None when it does not say.

    It is free, but a round trip, so it is asked where the answer decides something.
    """
    try:
        count = await client_for(configuration).messages.count_tokens(
            model=configuration.model,
            system=_system(request),
            messages=cast("list[MessageParam]", list(request.messages)),
            timeout=_COUNT_TIMEOUT,
        )
    except FAILURES as error:
        logger.warning("Tokens were not counted (%s)", translate_failure(error).code)
        return None
    return count.input_tokens


async def _open_stream(
    configuration: Configuration, request: ChatRequest
) -> AsyncStream[RawMessageStreamEvent]:
    return await client_for(configuration).messages.create(
        model=configuration.model,
        max_tokens=request.max_tokens,
        system=_system(request),
        messages=cast("list[MessageParam]", list(request.messages)),
        metadata={"user_id": request.reference},
        output_config=_output_config(request),
        stream=True,
    )


async def stream_answer(
    configuration: Configuration, request: ChatRequest
) -> AsyncGenerator[AnswerPart, None]:
    """Yield the parts of an answer as they arrive.

    Each try is told before it is sent. A failure that may pass is told as TryFailed
    and waited out shortly, a few times. Raises ProviderError; a stream that ends
    without a stop reason is a failure. Closing the iterator closes the connection, which stops the model.
    """
    wait = _FIRST_WAIT_SECONDS
    for tries_left in reversed(range(_TRIES)):
        yield TryBegun()
        try:
            stream = await _open_stream(configuration, request)
            break
        except FAILURES as error:
            failure = translate_failure(error)
            pause = failure.retry_after or wait
            is_over = tries_left == 0 or pause > _LONGEST_WAIT_SECONDS
            if is_over or not failure.retryable:
                raise failure from error
        yield TryFailed(failure.code, failure.request_id, failure.is_unbilled)
        logger.warning("Assistant request failed (%s), trying again", failure.code)
        await asyncio.sleep(pause)
        wait *= 2
    async with aclosing(_read_stream(stream)) as parts:
        async for part in parts:
            yield part


async def _read_stream(
    stream: AsyncStream[RawMessageStreamEvent],
) -> AsyncGenerator[AnswerPart, None]:
    stop_reason: str | None = None
    try:
        async for event in stream:
            if event.type == "content_block_delta":
                part = _read_delta(event.delta)
                if part is not None:
                    yield part
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


def _read_delta(delta: RawContentBlockDelta) -> AnswerText | AnswerThought | None:
    if delta.type == "text_delta":
        return AnswerText(delta.text)
    # Thinking is billed whether it is shown or not; unshown, only its seal comes.
    if delta.type == "thinking_delta":
        return AnswerThought(len(delta.thinking))
    if delta.type == "signature_delta":
        return AnswerThought(len(delta.signature))
    return None


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
