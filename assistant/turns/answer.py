"""One turn's answer in this process: begun, kept, ended whichever way it ends."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from django.utils.translation import gettext as _

from assistant.enums import TurnState
from assistant.errors import AssistantError, ProviderError
from assistant.models import Message
from assistant.protocol import failed_frame, finished_frame
from assistant.services.endings import TurnOutcome, end_turn
from assistant.services.policies import record_withheld
from assistant.services.turns import claim_turn
from assistant.turns.chain import Chain
from assistant.turns.keeping import Keeper
from assistant.turns.live import LiveTurn
from assistant.turns.relay import relay
from assistant.turns.telemetry import LIVE
from assistant.turns.threads import in_thread as _database
from assistant.turns.words import Words
from base.detached import to_its_end

logger = logging.getLogger(__name__)


class Answer:
    """The work of one turn, from the claim to the closing frame.

    `forget` and `release` tell the registry that the turn is not this process's, and
    that it is over.
    """

    def __init__(
        self,
        live: LiveTurn,
        *,
        owner: str,
        forget: Callable[[UUID], object],
        release: Callable[[LiveTurn], None],
    ) -> None:
        self._live = live
        self._owner = owner
        self._forget = forget
        self._release = release
        self._words = Words(live)
        self._keeper = Keeper(self._words, owner)

    async def run(self) -> None:
        """Answer; every way out stores what arrived and tells the followers."""
        live = self._live
        try:
            # Stopped meanwhile, the turn is ours all the same, and is ended as such.
            claim = _database(claim_turn)(live.id, owner=self._owner)
            if not await to_its_end(claim):
                self._forget(live.id)
                return
            relay.publish(live)
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
            await self._end(self._words.outcome)
        finally:
            live.text.close()
            live.started.set()
            live.ended.set()
            relay.end(live)
            self._release(live)

    async def _stream(self) -> None:
        self._keeper.start()
        try:
            await Chain(self._words, self._owner).run()
        finally:
            self._live.is_ending = True
            await self._keeper.stop()

    async def _end_cancelled(self) -> None:
        """Stopped by the candidate, or, with a frame already set, by a shutdown."""
        if self._live.end_frame is None:
            await self._end(
                replace(
                    self._words.outcome, state=TurnState.STOPPED, stop_reason="stopped"
                )
            )
        else:
            await self._end(
                replace(
                    self._words.outcome,
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
                self._words.outcome,
                state=TurnState.FAILED,
                stop_reason="error",
                error_code=error.code,
                error_message=str(error.message),
                request_id=self._words.outcome.request_id
                or (told.request_id if told else ""),
                is_unbilled=told is not None and told.is_unbilled,
                is_fault=told is not None and told.is_fault,
            )
        )

    async def _end(self, outcome: TurnOutcome) -> None:
        """Store the last block and the answer, then close the text."""
        self._live.is_ending = True
        outcome = replace(outcome, text=self._live.text.text)
        if self._words.guard.is_tripped:
            outcome = replace(outcome, blocks=())
            # What was shown comes before what was not.
            await self._keeper.keep_alone(self._keeper.read_news())
            await _database(record_withheld)(self._live.id, self._words.guard.note)
        message = await self._store_end(outcome)
        self._words.clock.tell_end(self._live.id, outcome)
        if message is None:
            # Somebody else ended it meanwhile: the store says how.
            self._live.end_frame = None
        elif self._live.end_frame is None:
            self._live.end_frame = finished_frame(
                self._live.id,
                stop_reason=outcome.stop_reason,
                text_length=self._live.text.length,
                message_id=message.pk,
            )

    async def _store_end(self, outcome: TurnOutcome) -> Message | None:
        """Store the end with what arrived last; that alone where it can not be ended."""
        news = self._keeper.read_news()
        try:
            return await _database(end_turn)(
                self._live.id, outcome, owner=self._owner, news=news
            )
        except Exception:
            with suppress(Exception):
                await self._keeper.keep_alone(news)
            raise


def _internal_error() -> ProviderError:
    return ProviderError(
        "internal_error",
        _("Something failed on our side. Your code is safe; ask again."),
        retryable=True,
    )
