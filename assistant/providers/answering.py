"""One answer from whoever can give it: repeated tries, other keys, other models."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from random import uniform
from typing import Any

import stamina
from django.conf import settings

from assistant.configuration import Configuration
from assistant.errors import ProviderError
from assistant.providers import shaping
from assistant.providers.breaker import Breaker
from assistant.providers.claude import stream_once
from assistant.providers.failures import name_wait, unavailable
from assistant.providers.key_health import (
    KEY_CODES,
    KeyChoice,
    choose_key,
    has_other_key,
    keys_of,
    rest_key,
    take_slot,
)
from assistant.providers.parts import (
    AnswerBlock,
    AnswerEnded,
    AnswerPart,
    AnswerPaused,
    AnswerStarted,
    AnswerText,
    AnswerThought,
    AnswerUsage,
    ChatRequest,
    TryBegun,
    TryFailed,
)
from assistant.providers.trace import CallTrace

logger = logging.getLogger(__name__)

_PAUSED = "pause_turn"


async def stream_answer(
    targets: Sequence[Configuration], request: ChatRequest
) -> AsyncGenerator[AnswerPart, None]:
    """Yield the parts of an answer as they arrive, from the first target that gives one.

    Each try is told before it is sent; one that fails and is to be repeated is told as
    TryFailed, before the pause. Nothing is repeated once text or a tool call has
    arrived, and nobody else is asked once it was told who answers. Raises
    ProviderError. Closing the iterator closes the connection, which stops the model.
    """
    answer = _Answer(request, targets[0])
    for position, target in enumerate(targets):
        is_last = position == len(targets) - 1
        async with aclosing(answer.ask(target, is_last=is_last)) as parts:
            async for part in parts:
                yield part
        if answer.is_complete:
            return


class _Answer:
    """The state of one answer over all of its tries."""

    def __init__(self, request: ChatRequest, first: Configuration) -> None:
        self._request = request
        self._first = first
        self._is_told = False
        self._is_visible = False
        self._tries = 0
        self._continued = 0
        # How long stamina is to wait before the next try; True for its own backoff.
        self._pause: bool | float = False
        self._try = TryFailed("", "", is_unbilled=False)
        self._blocks: list[Mapping[str, Any]] = []
        self.is_complete = False

    async def ask(
        self, target: Configuration, *, is_last: bool
    ) -> AsyncGenerator[AnswerPart, None]:
        """Yield what this target gives; returning incomplete, the next one is asked."""
        calls = settings.MODEL_CALLS
        self._tries = 0
        async for attempt in stamina.retry_context(
            on=lambda _error: self._pause,
            attempts=None,
            timeout=None,
            wait_initial=calls["first_wait_seconds"],
            wait_max=calls["longest_wait_seconds"],
            wait_jitter=calls["jitter_seconds"],
        ):
            choice = await asyncio.to_thread(_find_way, target)
            if choice.target is None:
                if is_last or self._is_told:
                    raise unavailable(choice.code, choice.wait)
                return
            if choice.is_spent and not (is_last or self._is_told):
                return
            if choice.pause:
                wait = await asyncio.to_thread(take_slot, choice.target, choice.pause)
                await asyncio.sleep(wait)
            try:
                async with aclosing(self._read(choice.target)) as parts:
                    async for part in parts:
                        yield part
                await asyncio.to_thread(_breaker_of(target).note_success)
                self.is_complete = True
                return
            except ProviderError as error:
                failure = error
            self._pause = await asyncio.to_thread(self._weigh, choice.target, failure)
            is_over = is_last or self._is_told or not failure.is_fault
            if self._is_visible or (self._pause is False and is_over):
                raise name_wait(failure)
            yield self._failed_try(failure)
            if self._pause is False:
                return
            with attempt:
                raise failure

    async def _read(self, target: Configuration) -> AsyncGenerator[AnswerPart, None]:
        """Yield one answer of one target; a paused one is continued by further calls.

        Where it is stopped, the breaker lets another one try.
        """
        is_paused = True
        try:
            while is_paused:
                trace = self._begin_try(target)
                yield TryBegun(target, trace)
                is_paused = False
                request = self._request_for(target)
                async with aclosing(stream_once(target, request, trace)) as parts:
                    async for part in parts:
                        if isinstance(part, AnswerEnded) and self._continue(part):
                            is_paused = True
                            yield AnswerPaused()
                        else:
                            yield self._note(part, target)
        except (asyncio.CancelledError, GeneratorExit):
            await asyncio.to_thread(_breaker_of(target).note_nothing)
            raise

    def _begin_try(self, target: Configuration) -> CallTrace:
        self._tries += 1
        is_other = target.model != self._first.model
        chosen = self._first.model if is_other else ""
        trace = CallTrace.begin(target, tries=self._tries, fallback_from=chosen)
        self._try = TryFailed("", "", is_unbilled=False, trace=trace)
        self._blocks = []
        return trace

    def _request_for(self, target: Configuration) -> ChatRequest:
        """Return the request; another model does not get the first one's thinking."""
        if (target.provider, target.model) == (self._first.provider, self._first.model):
            return self._request
        messages = shaping.drop_thoughts(self._request.messages)
        return replace(self._request, messages=messages)

    def _continue(self, ended: AnswerEnded) -> bool:
        """Put what arrived behind the messages, where the provider only paused."""
        most = settings.MODEL_CALLS["continuations"]
        if ended.stop_reason != _PAUSED or self._continued >= most or not self._blocks:
            return False
        self._continued += 1
        said = {"role": "assistant", "content": self._blocks}
        self._request = replace(self._request, messages=[*self._request.messages, said])
        return True

    def _note(self, part: AnswerPart, target: Configuration) -> AnswerPart:
        """Remember what decides about a later failure; say who answers instead of whom."""
        known = self._try
        if isinstance(part, AnswerText):
            self._is_visible = True
        elif isinstance(part, AnswerStarted):
            self._is_told = True
            self._try = replace(
                known, request_id=part.request_id, model=part.model, usage=part.usage
            )
            if known.trace is not None:
                known.trace.answered = part.model
            if target.model != self._first.model:
                return replace(part, fallback_from=self._first.model)
        elif isinstance(part, AnswerThought):
            self._try = replace(known, arrived=known.arrived + part.characters)
        elif isinstance(part, AnswerUsage):
            self._try = replace(known, usage={**known.usage, **part.usage})
        elif isinstance(part, AnswerBlock):
            self._blocks.append(part.block)
            if part.block.get("type") == "tool_use":
                self._is_visible = True
        return part

    def _failed_try(self, failure: ProviderError) -> TryFailed:
        logger.warning("A call to a model failed (%s), trying again", failure.code)
        return replace(
            self._try,
            code=failure.code,
            request_id=failure.request_id or self._try.request_id,
            is_unbilled=failure.is_unbilled,
        )

    def _weigh(self, target: Configuration, failure: ProviderError) -> bool | float:
        """Note what a failure says of key and model; return the pause, False for none.

        0 is no pause: what refused is not asked again.
        """
        breaker = _breaker_of(target)
        if failure.code in KEY_CODES:
            breaker.note_nothing()
            rest_key(target, failure.code, failure.retry_after)
            most = settings.MODEL_CALLS["tries"] + len(keys_of(target)) - 1
            if self._tries < most and has_other_key(target):
                return 0.0
            return failure.code == "rate_limit_error" and self._wait_for(failure)
        if not failure.retryable:
            breaker.note_nothing()
            return self._forget_thoughts(failure)
        breaker.note_failure()
        return (
            True
            if failure.retry_after is None and self._may_try()
            else (failure.retry_after is not None and self._wait_for(failure))
        )

    def _may_try(self) -> bool:
        return self._tries < settings.MODEL_CALLS["tries"]

    def _wait_for(self, failure: ProviderError) -> bool | float:
        """Return the wait the provider named, if somebody can be let wait so long."""
        longest = settings.MODEL_CALLS["longest_wait_seconds"]
        if failure.retry_after is None or failure.retry_after > longest:
            return False
        if not self._may_try():
            return False
        spread = uniform(0, settings.MODEL_CALLS["jitter_seconds"])  # noqa: S311 -- spreads load
        return failure.retry_after + spread

    def _forget_thoughts(self, failure: ProviderError) -> bool | float:
        """Try once more without thinking, which is bound to its model and account."""
        is_unread = failure.code == "invalid_request_error"
        if not is_unread or not shaping.has_thoughts(self._request.messages):
            return False
        messages = shaping.drop_thoughts(self._request.messages)
        self._request = replace(self._request, messages=messages)
        return 0.0


def _breaker_of(target: Configuration) -> Breaker:
    return Breaker(target.provider, target.model)


def _find_way(target: Configuration) -> KeyChoice:
    """Return the key to use, or why nothing may be sent now."""
    choice = choose_key(target, prefer=target.key_label)
    if choice.target is None:
        return choice
    wait = _breaker_of(target).seconds_to_wait()
    return KeyChoice(None, wait=wait, code="overloaded_error") if wait else choice
