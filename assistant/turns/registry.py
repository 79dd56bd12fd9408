"""The registry: starts turns, answers them, keeps them, ends them.

An answer belongs to its task here, never to a socket. A socket that goes away
changes nothing; Stop cancels the task; a shutdown cancels and awaits all of them.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _

from assistant.configuration import Configuration
from assistant.enums import TurnState
from assistant.errors import AssistantError, BudgetSpentError, ProviderError
from assistant.models import Message
from assistant.protocol import failed_frame, finished_frame, started_frame
from assistant.providers.answering import stream_answer
from assistant.providers.claude import count_input
from assistant.providers.parts import (
    AnswerBlock,
    AnswerEnded,
    AnswerPaused,
    AnswerStarted,
    AnswerText,
    AnswerThought,
    AnswerUsage,
    ChatRequest,
    TryBegun,
    TryFailed,
)
from assistant.services.catalogue import plan_turn
from assistant.services.endings import TurnOutcome, end_turn
from assistant.services.metering import bound_chat_input, reserve_turn
from assistant.services.turns import checkpoint_turn, claim_turn, note_progress
from assistant.turns.books import Books
from assistant.turns.live import LiveTurn
from assistant.turns.preparing import prepare_request
from assistant.turns.queue import start_next
from assistant.turns.telemetry import LIVE, AnswerClock
from assistant.turns.threads import in_thread as _database
from base.detached import start_detached
from base.ids import new_token
from base.text import utf16_length

logger = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 1.0
KEPT_AFTER_END_SECONDS = 60.0
# What a try that is repeated leaves behind: nothing.
_NOTHING: dict[str, Any] = {
    "usage": None,
    "is_usage_final": False,
    "thought": 0,
    "blocks": (),
}
OWNER = f"{socket.gethostname()}:{os.getpid()}:{new_token()[:8]}"[:64]

_turns: dict[UUID, LiveTurn] = {}


def find_live(turn_id: UUID) -> LiveTurn | None:
    """Return the turn if this process has it."""
    return _turns.get(turn_id)


def start_turn(turn_id: UUID) -> LiveTurn:
    """Start answering a queued turn; a turn that is here already is returned."""
    live = _turns.get(turn_id)
    if live is None:
        live = _turns[turn_id] = LiveTurn.create(turn_id)
        live.task = start_detached(_Answer(live).run(), name=f"turn-{turn_id}")
    return live


async def stop_all() -> None:
    """Cancel every answer of this process and wait until each is stored."""
    running = [
        turn.task for turn in _turns.values() if turn.task and not turn.task.done()
    ]
    for live in _turns.values():
        if not live.is_ending:
            live.end_frame = failed_frame(
                live.id,
                "interrupted",
                _("The server is restarting. What arrived is kept; ask again."),
                retryable=True,
            )
            live.stop()
        live.is_shut_down = True
    await asyncio.gather(*running, return_exceptions=True)


class _Answer:
    """The work of one turn, from the claim to the closing frame."""

    def __init__(self, live: LiveTurn) -> None:
        self._live = live
        self._outcome = TurnOutcome(state=TurnState.FINISHED, text="", is_unsent=True)
        self._stored = 0
        self._marks: list[tuple[float, int]] = []
        self._lost = False
        self._clock = AnswerClock()

    async def run(self) -> None:
        """Answer; every way out stores what arrived and tells the followers."""
        live = self._live
        try:
            if not await _database(claim_turn)(live.id, owner=OWNER):
                del _turns[live.id]
                return
            with LIVE.track_inprogress():
                await self._stream()
        except asyncio.CancelledError:
            await asyncio.shield(self._end_cancelled())
            raise
        except AssistantError as error:
            await self._end_failed(error)
        except Exception:
            logger.exception("Turn %s failed", live.id)
            await self._end_failed(_internal_error())
        else:
            await self._end(self._outcome)
        finally:
            self._release()

    async def _stream(self) -> None:
        targets = await _database(plan_turn)(self._live.id)
        configuration = targets[0]
        request = await prepare_request(self._live.id, configuration)
        if not await self._reserve(configuration, request):
            self._lost = True
            self._note(state=TurnState.STOPPED, stop_reason="stopped")
            return
        is_read = asyncio.Event()
        heartbeat = asyncio.create_task(self._keep(is_read))
        try:
            await self._read(targets, request)
        finally:
            self._live.is_ending = True
            # Told, not cancelled: a write under way would go on in its thread and
            # meet the last one.
            is_read.set()
            await heartbeat

    async def _reserve(
        self, configuration: Configuration, request: ChatRequest
    ) -> bool:
        """Reserve by a bound of the input; where that is too much, by a count.

        Returns False where the turn is over already.
        """
        reserve = partial(
            _database(reserve_turn),
            self._live.id,
            configuration,
            output_tokens=request.max_tokens,
        )
        try:
            return await reserve(input_tokens=bound_chat_input(request))
        except BudgetSpentError as error:
            if error.is_exhausted:
                raise
            counted = await count_input(configuration, request)
            if counted is None:
                raise
        return await reserve(input_tokens=counted)

    async def _read(
        self, targets: Sequence[Configuration], request: ChatRequest
    ) -> None:
        books = Books(self._live.id, targets[0], request)
        asked_at = monotonic()
        async with aclosing(stream_answer(targets, request)) as parts:
            async for part in parts:
                if isinstance(part, AnswerText):
                    self._take_text(part.text, asked_at)
                elif isinstance(part, AnswerStarted):
                    await self._take_start(targets[0], request, part)
                    await books.tell_start(part)
                elif isinstance(part, TryBegun):
                    await books.begin_try(part)
                    self._note(is_unsent=False)
                elif isinstance(part, TryFailed):
                    self._note(is_unsent=True, **_NOTHING)
                    await books.fail_try(part)
                elif isinstance(part, AnswerPaused):
                    await books.end_call(self._outcome)
                    self._note(is_unsent=True, usage=None, is_usage_final=False)
                else:
                    self._take_figures(part)

    def _take_figures(
        self, part: AnswerThought | AnswerBlock | AnswerUsage | AnswerEnded
    ) -> None:
        if isinstance(part, AnswerThought):
            self._note(thought=self._outcome.thought + part.characters)
        elif isinstance(part, AnswerBlock):
            self._note(blocks=(*self._outcome.blocks, part.block))
        elif isinstance(part, AnswerUsage):
            merged = {**(self._outcome.usage or {}), **part.usage}
            self._note(usage=merged, is_usage_final=True)
        else:
            self._note(stop_reason=part.stop_reason)

    def _note(self, **known: Any) -> None:
        self._outcome = replace(self._outcome, **known)

    def _take_text(self, text: str, asked_at: float) -> None:
        at = monotonic()
        if self._outcome.first_token_ms is None:
            self._note(first_token_ms=int((at - asked_at) * 1000))
        self._clock.note_text(at)
        self._marks.append((at, self._live.text.length))
        self._live.text.append(text)

    async def _take_start(
        self, configuration: Configuration, request: ChatRequest, part: AnswerStarted
    ) -> None:
        self._note(
            model=part.model,
            request_id=part.request_id,
            usage=part.usage,
            is_simulated=configuration.is_simulated,
        )
        self._live.start_frame = started_frame(
            self._live.id,
            part.model,
            is_simulated=configuration.is_simulated,
            is_brief=bool(request.brief),
            fallback_from=part.fallback_from,
        )
        self._live.started.set()
        await _database(note_progress)(
            self._live.id,
            model=part.model,
            request_id=part.request_id,
            is_simulated=configuration.is_simulated,
            usage=dict(part.usage),
        )

    async def _keep(self, is_read: asyncio.Event) -> None:
        """Each second: prove life, keep what arrived; stop when the turn is lost."""
        while not await _happens(is_read, CHECKPOINT_SECONDS):
            try:
                is_ours = await self._checkpoint()
            except (DatabaseError, InterfaceError):
                logger.exception("Turn %s was not kept, trying again", self._live.id)
                continue
            if not is_ours:
                self._lost = True
                self._live.stop()
                return

    async def _checkpoint(self) -> bool:
        """Keep what arrived since the last one that succeeded."""
        text, marks = self._live.text.since(self._stored), list(self._marks)
        is_ours = await _database(checkpoint_turn)(
            self._live.id,
            owner=OWNER,
            offset=self._stored,
            text=text,
            marks=[[int((at - marks[0][0]) * 1000), offset] for at, offset in marks],
        )
        self._stored += utf16_length(text)
        del self._marks[: len(marks)]
        return is_ours

    async def _end_cancelled(self) -> None:
        """Stopped by the candidate, or, with a frame already set, by a shutdown."""
        if self._live.end_frame is None:
            await self._end(
                replace(self._outcome, state=TurnState.STOPPED, stop_reason="stopped")
            )
        else:
            await self._end(
                replace(
                    self._outcome,
                    state=TurnState.INTERRUPTED,
                    stop_reason="interrupted",
                    error_code="interrupted",
                    error_message=str(self._live.end_frame["message"]),
                )
            )

    async def _end_failed(self, error: AssistantError) -> None:
        self._live.end_frame = failed_frame(
            self._live.id,
            error.code,
            str(error.message),
            retryable=error.retryable,
            retry_after=error.retry_after,
        )
        told = error if isinstance(error, ProviderError) else None
        await self._end(
            replace(
                self._outcome,
                state=TurnState.FAILED,
                stop_reason="error",
                error_code=error.code,
                error_message=str(error.message),
                request_id=self._outcome.request_id
                or (told.request_id if told else ""),
                is_unbilled=told is not None and told.is_unbilled,
                is_fault=told is not None and told.is_fault,
            )
        )

    async def _end(self, outcome: TurnOutcome) -> None:
        """Store the last block and the answer, then close the text."""
        self._live.is_ending = True
        if not self._lost:
            await self._checkpoint()
        outcome = replace(outcome, text=self._live.text.text)
        message: Message | None = await _database(end_turn)(self._live.id, outcome)
        self._clock.tell_end(self._live.id, outcome)
        if self._live.end_frame is None:
            self._live.end_frame = finished_frame(
                self._live.id,
                stop_reason=outcome.stop_reason,
                text_length=self._live.text.length,
                message_id=message.pk if message else None,
            )

    def _release(self) -> None:
        live = self._live
        live.text.close()
        live.started.set()
        live.ended.set()
        asyncio.get_running_loop().call_later(
            KEPT_AFTER_END_SECONDS, _turns.pop, live.id, None
        )
        if not live.is_shut_down:
            start_detached(start_next(live.id, start_turn), name=f"next-{live.id}")


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait for it, but not longer; say whether it happened."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


def _internal_error() -> ProviderError:
    return ProviderError(
        "internal_error",
        _("Something failed on our side. Your code is safe; ask again."),
        retryable=True,
    )
