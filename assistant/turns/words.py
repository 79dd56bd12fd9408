"""What is known of an answer while it comes: its words, its figures, its marks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from assistant.configuration import Configuration
from assistant.context.store import PARTING
from assistant.enums import TurnState
from assistant.protocol import started_frame
from assistant.providers.parts import (
    AnswerBlock,
    AnswerEnded,
    AnswerStarted,
    AnswerThought,
    AnswerUsage,
    ChatRequest,
)
from assistant.services.endings import TurnOutcome
from assistant.turns.guard import OpenGuard, OutputGuard
from assistant.turns.live import LiveTurn
from assistant.turns.telemetry import AnswerClock
from interviews.workspace.changes import clean_text

# What a try that is repeated leaves behind, and what a new call begins with: nothing.
NOTHING: Mapping[str, Any] = {
    "usage": None,
    "is_usage_final": False,
    "thought": 0,
    "heard": 0,
    "blocks": (),
}


class Words:
    """Takes the parts of a turn's calls; followers see what the guard lets through."""

    def __init__(self, live: LiveTurn) -> None:
        self.live = live
        self.outcome = TurnOutcome(state=TurnState.FINISHED, text="", is_unsent=True)
        self.marks: list[tuple[float, int]] = []
        self.clock = AnswerClock()
        self.guard: OutputGuard = OpenGuard()
        # Code units shown before the call under way.
        self.shown = 0
        self.broken: frozenset[str] = frozenset()
        self._asked_at = monotonic()
        self._heard = 0

    def note(self, **known: Any) -> None:
        """Keep what is known now."""
        self.outcome = replace(self.outcome, **known)

    def begin_call(self) -> None:
        """A call is about to be made: the first, or one with results of tools."""
        if self.shown == 0 and self.outcome.first_token_ms is None:
            self._asked_at = monotonic()
        self.clock.begin_call()
        self.shown = self.live.text.length
        self.broken = frozenset()
        self._heard = 0
        self.note(is_unsent=True, stop_reason="", call=None, **NOTHING)

    def take_text(self, text: str) -> None:
        """Show a piece of the answer, as far as the policy lets it."""
        at, text = monotonic(), clean_text(text)
        if self.outcome.first_token_ms is None:
            self.note(first_token_ms=int((at - self._asked_at) * 1000))
        self.clock.note_text(at)
        self._heard += len(text)
        self._show(self.guard.take(text), at)

    def end_text(self) -> None:
        """Show what is held back no longer: the call has said all it says."""
        self.note(heard=self._heard)
        self._show(self.guard.close(), monotonic())

    def _show(self, text: str, at: float) -> None:
        if not text:
            return
        if 0 < self.shown == self.live.text.length:
            text = f"{PARTING}{text}"
        self.marks.append((at, self.live.text.length))
        self.live.text.append(text)

    def take_start(
        self, configuration: Configuration, request: ChatRequest, part: AnswerStarted
    ) -> None:
        """Say who answers; followers are told once."""
        self.note(
            model=part.model,
            request_id=part.request_id,
            usage=part.usage,
            is_simulated=configuration.is_simulated,
        )
        if self.live.start_frame is None:
            self.live.start_frame = started_frame(
                self.live.id,
                part.model,
                is_simulated=configuration.is_simulated,
                is_brief=bool(request.brief),
                fallback_from=part.fallback_from,
            )
        self.live.started.set()

    def take_figures(
        self, part: AnswerThought | AnswerBlock | AnswerUsage | AnswerEnded
    ) -> None:
        """Keep what is not shown."""
        if isinstance(part, AnswerThought):
            self.note(thought=self.outcome.thought + part.characters)
        elif isinstance(part, AnswerBlock):
            self.note(blocks=(*self.outcome.blocks, part.block))
            if not part.is_whole:
                self.broken |= {str(part.block.get("id"))}
        elif isinstance(part, AnswerUsage):
            merged = {**(self.outcome.usage or {}), **part.usage}
            self.note(usage=merged, is_usage_final=True)
        else:
            self.note(stop_reason=part.stop_reason)

    def blocks_to_keep(self) -> Sequence[Mapping[str, Any]]:
        """Return the call's blocks as they may go back.

        Where words were held back, the shown ones stand for them.
        """
        blocks = self.outcome.blocks
        if not self.guard.is_tripped:
            return blocks
        said = self.live.text.since(self.shown).removeprefix(PARTING)
        others = [block for block in blocks if block["type"] != "text"]
        thoughts = [b for b in others if b["type"] != "tool_use"]
        calls = [b for b in others if b["type"] == "tool_use"]
        return [*thoughts, {"type": "text", "text": said}, *calls]
