"""The Messages API through the official SDK: one call of each kind, as it is."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from typing import Any, cast

from anthropic import APIStatusError, AsyncAPIResponse, omit
from anthropic.types import MessageParam, TextBlockParam, ToolParam
from django.conf import settings

from assistant.configuration import Configuration
from assistant.errors import ProviderError
from assistant.providers import shaping
from assistant.providers.clients import client_for, stream_timeout
from assistant.providers.failures import (
    FAILURES,
    garbled_answer,
    incomplete_answer,
    translate_failure,
)
from assistant.providers.key_health import note_limits
from assistant.providers.parts import AnswerPart, ChatRequest
from assistant.providers.streaming import AnswerReader
from assistant.providers.tallies import count_call
from assistant.providers.trace import CallTrace
from assistant.providers.transport import arrivals_of

logger = logging.getLogger(__name__)

_COUNT_TIMEOUT = 3.0
# Pages are told what came every 40 ms or so: read no more often, a token costs less.
_READ_SECONDS = 0.042
# After its last event a stream should end at once; its connection is wanted again.
_GRACE_SECONDS = 1.0


def _effort(request: ChatRequest) -> str:
    """Return the wished effort; a short answer is to take little, JSON the model's."""
    if settings.ANTHROPIC_EFFORT == "none" or request.schema is not None:
        return ""
    return "low" if request.brief else settings.ANTHROPIC_EFFORT


def _messages(target: Configuration, request: ChatRequest) -> list[MessageParam]:
    messages = shaping.shape_messages(target.known_facts(), request.messages)
    return cast("list[MessageParam]", messages)


def _tools(target: Configuration, request: ChatRequest) -> list[ToolParam]:
    tools = shaping.shape_tools(target.known_facts(), request.tools)
    return cast("list[ToolParam]", tools)


async def count_input(configuration: Configuration, request: ChatRequest) -> int | None:
    """Ask the API how many input tokens a request has; None when it does not say.

    It is free, but a round trip, so it is asked where the answer decides something.
    """
    try:
        count = await client_for(configuration).messages.count_tokens(
            model=configuration.model,
            system=cast("list[TextBlockParam]", list(request.system)),
            messages=_messages(configuration, request),
            tools=_tools(configuration, request) or omit,
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
    output = shaping.shape_output(facts, effort=effort, schema=request.schema)
    if output:
        arguments["output_config"] = output
    thinking = shaping.shape_thinking(facts, effort=effort)
    if request.is_quick and thinking is not None:
        arguments["thinking"] = thinking
    if request.tools:
        arguments["tools"] = _tools(target, request)
        if request.tool_choice is not None:
            choice = shaping.shape_tool_choice(facts, request.tool_choice)
            arguments["tool_choice"] = choice
    return arguments


async def stream_once(
    target: Configuration, request: ChatRequest, trace: CallTrace | None = None
) -> AsyncGenerator[AnswerPart, None]:
    """Yield the parts of one call's answer as they arrive; `trace` is filled in.

    Raises ProviderError; a stream that ends without a stop reason is a failure.
    Closing the iterator closes the connection, which stops the model.
    """
    trace = trace or CallTrace.begin(target)
    with _kept(trace):
        async with AsyncExitStack() as stack:
            try:
                silence = _Silence()
                async with asyncio.timeout_at(silence.begins_by):
                    response = await stack.enter_async_context(_open(target, request))
                request_id = response.headers.get("request-id", "")
                trace.bytes_out = len(response.http_request.content)
                trace.note_head(response.status_code, request_id)
                await asyncio.to_thread(note_limits, target, response.headers)
                reader = AnswerReader(request_id)
                arrived = arrivals_of(response.http_response)
                chunks = await stack.enter_async_context(aclosing(_chunks(response)))
                while chunk := arrived() or await _next(chunks, reader, silence):
                    trace.bytes_in += len(chunk)
                    for part in reader.feed(chunk):
                        if reader.has_content and trace.first_token_ms is None:
                            trace.note_token()
                        yield part
                    if reader.has_content and not reader.has_ended:
                        await asyncio.sleep(_READ_SECONDS)
            except (*FAILURES, TimeoutError) as error:
                await asyncio.to_thread(_note_refusal, target, trace, error)
                raise translate_failure(error) from error
            except (KeyError, TypeError, AttributeError) as error:
                raise garbled_answer() from error
        ended = reader.end()
        if ended is None:
            raise incomplete_answer()
        trace.end(stop_reason=ended.stop_reason)
        yield ended


@contextmanager
def _kept(trace: CallTrace) -> Iterator[None]:
    """See that a trace is ended and counted, whatever becomes of the call."""
    try:
        yield
    except ProviderError as error:
        trace.end(error_code=error.code)
        raise
    finally:
        trace.end()
        count_call(trace)


def _note_refusal(target: Configuration, trace: CallTrace, error: Exception) -> None:
    """Take what a response that is an error tells: its size and what limits are left."""
    if isinstance(error, APIStatusError):
        trace.note_head(error.status_code, error.request_id or "")
        trace.bytes_out = len(error.request.content)
        trace.bytes_in += len(error.response.content)
        # A 429 says how long to wait, and has the key rest for as long.
        if error.status_code != 429:
            note_limits(target, error.response.headers)


def _open(target: Configuration, request: ChatRequest) -> Any:
    messages = client_for(target).messages
    return messages.with_streaming_response.create(
        **shape_request(target, request), stream=True, timeout=stream_timeout()
    )


async def _chunks(response: AsyncAPIResponse[Any]) -> AsyncGenerator[bytes, None]:
    async for chunk in response.iter_bytes():
        yield chunk


class _Silence:
    """How long a stream may say nothing: before the first token, and after it."""

    def __init__(self) -> None:
        calls = settings.MODEL_CALLS
        self._now = asyncio.get_running_loop().time
        self._between: float = calls["between_tokens_seconds"]
        self.begins_by: float = self._now() + calls["first_token_seconds"]

    def until(self, reader: AnswerReader) -> float:
        """Return when the next bytes must have come."""
        return self._now() + self._between if reader.has_content else self.begins_by


async def _next(
    chunks: AsyncIterator[bytes], reader: AnswerReader, silence: _Silence
) -> bytes | None:
    """Wait for the next bytes, as long as the phase allows; None at the end."""
    if reader.has_ended:
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                return await anext(chunks, None)
        except TimeoutError:
            return None
    async with asyncio.timeout_at(silence.until(reader)):
        return await anext(chunks, None)
