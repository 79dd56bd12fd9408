"""The registry: starts turns, answers them, keeps them, ends them.

An answer belongs to its task here, never to a socket. A socket that goes away
changes nothing; Stop cancels the task; a shutdown cancels and awaits all of them.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from time import monotonic
from typing import ParamSpec, TypeVar
from uuid import UUID

from channels.db import database_sync_to_async
from django.utils.translation import gettext as _

from assistant.configuration import Configuration, read_configuration
from assistant.enums import TurnState
from assistant.errors import AssistantError, ProviderError
from assistant.models import Message
from assistant.protocol import failed_frame, finished_frame, started_frame
from assistant.providers.claude import stream_answer
from assistant.providers.parts import (
    AnswerEnded,
    AnswerStarted,
    AnswerText,
    AnswerUsage,
    ChatRequest,
)
from assistant.services.turns import (
    TurnOutcome,
    build_request,
    checkpoint_turn,
    claim_turn,
    end_turn,
    note_progress,
    with_output_bound,
)
from assistant.turns.live import LiveTurn
from base.detached import start_detached
from base.ids import new_token
from base.text import utf16_length

logger = logging.getLogger(__name__)

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

CHECKPOINT_SECONDS = 1.0
KEPT_AFTER_END_SECONDS = 60.0
OWNER = f"{socket.gethostname()}:{os.getpid()}:{new_token()[:8]}"[:64]

_turns: dict[UUID, LiveTurn] = {}
# Each thread holds a database connection while it works, so they are few.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="turn-db")


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
    running = [turn.task for turn in _turns.values() if turn.task]
    for live in _turns.values():
        live.end_frame = live.end_frame or failed_frame(
            live.id,
            "interrupted",
            _("The server is restarting. What arrived is kept; ask again."),
            retryable=True,
        )
        live.stop()
    await asyncio.gather(*running, return_exceptions=True)


class _Answer:
    """The work of one turn, from the claim to the closing frame."""

    def __init__(self, live: LiveTurn) -> None:
        self._live = live
        self._outcome = TurnOutcome(state=TurnState.FINISHED, text="")
        self._stored = 0
        self._marks: list[list[int]] = []
        self._block_at = monotonic()
        self._lost = False

    async def run(self) -> None:
        """Answer; every way out stores what arrived and tells the followers."""
        live = self._live
        try:
            if not await _database(claim_turn)(live.id, owner=OWNER):
                return
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
        configuration = read_configuration()
        request = await _database(build_request)(self._live.id)
        heartbeat = asyncio.create_task(self._keep())
        try:
            await self._read(configuration, request)
        finally:
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)

    async def _read(self, configuration: Configuration, request: ChatRequest) -> None:
        asked_at = monotonic()
        async with aclosing(stream_answer(configuration, request)) as parts:
            async for part in parts:
                if isinstance(part, AnswerText):
                    self._take_text(part.text, asked_at)
                elif isinstance(part, AnswerStarted):
                    await self._take_start(configuration, part)
                elif isinstance(part, AnswerUsage):
                    self._merge_usage(part)
                elif isinstance(part, AnswerEnded):
                    self._outcome = replace(self._outcome, stop_reason=part.stop_reason)

    def _take_text(self, text: str, asked_at: float) -> None:
        if self._outcome.first_token_ms is None:
            waited = int((monotonic() - asked_at) * 1000)
            self._outcome = replace(self._outcome, first_token_ms=waited)
        if not self._marks:
            self._block_at = monotonic()
        since_block = int((monotonic() - self._block_at) * 1000)
        self._marks.append([since_block, self._live.text.length])
        self._live.text.append(text)

    async def _take_start(
        self, configuration: Configuration, part: AnswerStarted
    ) -> None:
        self._outcome = replace(
            self._outcome,
            model=part.model,
            request_id=part.request_id,
            usage=part.usage,
            is_simulated=configuration.is_simulated,
        )
        self._live.start_frame = started_frame(
            self._live.id, part.model, is_simulated=configuration.is_simulated
        )
        self._live.started.set()
        await _database(note_progress)(self._live.id, self._outcome)

    def _merge_usage(self, part: AnswerUsage) -> None:
        merged = {**(self._outcome.usage or {}), **part.usage}
        self._outcome = replace(self._outcome, usage=merged)

    async def _keep(self) -> None:
        """Each second: prove life, keep what arrived; stop when the turn is lost."""
        while True:
            await asyncio.sleep(CHECKPOINT_SECONDS)
            if not await self._checkpoint():
                self._lost = True
                self._live.stop()
                return

    async def _checkpoint(self) -> bool:
        text, marks = self._live.text.since(self._stored), self._marks
        offset, self._marks = self._stored, []
        self._stored += utf16_length(text)
        return await _database(checkpoint_turn)(
            self._live.id, owner=OWNER, offset=offset, text=text, marks=marks
        )

    async def _end_cancelled(self) -> None:
        """Stopped by the candidate, or, with a frame already set, by a shutdown."""
        if self._live.end_frame is None:
            await self._end(
                replace(self._cut_off(), state=TurnState.STOPPED, stop_reason="stopped")
            )
        else:
            await self._end(
                replace(
                    self._cut_off(),
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
        await self._end(
            replace(
                self._cut_off(),
                state=TurnState.FAILED,
                stop_reason="error",
                error_code=error.code,
                error_message=str(error.message),
            )
        )

    def _cut_off(self) -> TurnOutcome:
        usage = self._outcome.usage
        if usage is None:
            return self._outcome
        bounded = with_output_bound(usage, self._live.text.text)
        return replace(self._outcome, usage=bounded)

    async def _end(self, outcome: TurnOutcome) -> None:
        """Store the last block and the answer, then close the text."""
        if not self._lost:
            await self._checkpoint()
        outcome = replace(outcome, text=self._live.text.text)
        message: Message | None = await _database(end_turn)(self._live.id, outcome)
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


def _database(
    service: Callable[_Parameters, _Result],
) -> Callable[_Parameters, Awaitable[_Result]]:
    """Run a service in one of a few threads: a turn outlives any socket's context."""
    return database_sync_to_async(service, thread_sensitive=False, executor=_threads)


def _internal_error() -> ProviderError:
    return ProviderError(
        "internal_error",
        _("Something failed on our side. Your code is safe; ask again."),
        retryable=True,
    )
