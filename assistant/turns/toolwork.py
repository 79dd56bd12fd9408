"""The tools a model asked for in one step: run, kept, told to pages and model."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from assistant.cleaning import clean_values
from assistant.enums import ToolCallState
from assistant.models import ToolCall
from assistant.policies.rules import PolicyRules
from assistant.services.tool_calls import AskedCall, end_call
from assistant.tools.base import ToolContext, ToolOutcome
from assistant.tools.calls import run_tool
from assistant.tools.catalogue import CATALOGUE
from assistant.tools.loops import TOLD, LoopWatch, spell_call
from assistant.tools.shown import tool_frame
from assistant.turns.live import LiveTurn
from assistant.turns.threads import in_thread
from interviews.workspace.changes import clean_text

# More than these in one step are not run.
MOST_CALLS = 8
TOO_MANY = (
    "This was not run: too many calls at once. Ask again for what you still need."
)
SAME = (
    "This is the same as call {number} of this step, which was made once: what that "
    "gave is the answer to both."
)
NO_MORE = "This was not run: no more tools may be used in this answer."

_Pair = tuple[ToolCall, AskedCall]


def asked_calls(
    blocks: Sequence[Mapping[str, Any]], broken: frozenset[str]
) -> list[AskedCall]:
    """Return the calls in an answer; an input that is no object is None."""
    return [
        AskedCall(
            call_id=str(block.get("id", "")),
            name=clean_text(str(block.get("name", ""))),
            input=None if str(block.get("id")) in broken else _object(block),
        )
        for block in blocks
        if block.get("type") == "tool_use"
    ]


def _object(block: Mapping[str, Any]) -> Mapping[str, Any] | None:
    given = block.get("input")
    return clean_values(given) if isinstance(given, dict) else None


def whole_blocks(
    blocks: Sequence[Mapping[str, Any]],
) -> list[Mapping[str, Any]]:
    """Return the blocks as the provider takes them back: an input is an object."""
    return [
        {**block, "input": {}}
        if block.get("type") == "tool_use" and _object(block) is None
        else block
        for block in blocks
    ]


class ToolWork:
    """Runs the calls of one turn, step by step; remembers what was called."""

    def __init__(self, live: LiveTurn, rules: PolicyRules) -> None:
        self._live = live
        self._rules = rules
        self._watch = LoopWatch()
        self.is_circling = False
        self.is_parked = False

    async def run(
        self, base: Mapping[str, Any], calls: Sequence[ToolCall], asked: list[AskedCall]
    ) -> None:
        """Run a step's calls in order; those that only read run together.

        Equal ones beside each other are run once, and count as often as they were
        asked for. Each is ended on record when this returns. Being cancelled leaves the rest
        open: whoever ends the turn ends them.
        """
        pairs = list(zip(calls, asked, strict=True))
        firsts, repeats = _part_repeats(pairs[:MOST_CALLS])
        try:
            for group in _groups(firsts):
                async with asyncio.TaskGroup() as together:
                    for call, given in group:
                        together.create_task(self._run(base, call, given))
        except asyncio.CancelledError:
            self._tell_stopped(calls)
            raise
        for pair, first in repeats:
            await self._repeat(pair, first)
        for call, _given in pairs[MOST_CALLS:]:
            await self._end(call, ToolOutcome(TOO_MANY, is_error=True))

    async def refuse(self, calls: Sequence[ToolCall]) -> None:
        """End calls that are not run any more."""
        for call in calls:
            await self._end(call, ToolOutcome(NO_MORE, is_error=True))

    async def _run(
        self, base: Mapping[str, Any], call: ToolCall, asked: AskedCall
    ) -> None:
        spelled = spell_call(asked.name, asked.input)
        if self._watch.is_circling(spelled):
            self.is_circling = True
            await self._end(call, ToolOutcome(TOLD, is_error=True))
            return
        self._live.tell(tool_frame(self._live.id, call))
        context = ToolContext(
            turn_id=self._live.id,
            policy=str(self._rules.policy),
            step=call.step,
            call_id=call.call_id,
            **base,
        )
        outcome = await run_tool(
            context, asked.name, asked.input, allowed=self._rules.tools
        )
        tool = CATALOGUE.get(asked.name)
        self._watch.note(
            spelled,
            has_failed=outcome.is_error,
            is_reading=tool is None or tool.is_reading,
        )
        self.is_parked = self.is_parked or outcome.parks
        await self._end(call, outcome)
        for frame in outcome.frames:
            self._live.tell(frame)

    async def _repeat(self, pair: _Pair, first: ToolCall) -> None:
        """End a call that is the same as one that was run in this step."""
        call, given = pair
        has_failed = first.state == ToolCallState.FAILED
        # Nothing was done for it, so it makes no room for others.
        spelled = spell_call(given.name, given.input)
        self._watch.note(spelled, has_failed=has_failed, is_reading=True)
        text = SAME.format(number=first.number + 1)
        detail = _("the same as another call")
        await self._end(call, ToolOutcome(text, is_error=has_failed, detail=detail))

    async def _end(self, call: ToolCall, outcome: ToolOutcome) -> None:
        await in_thread(end_call)(
            call.pk,
            text=outcome.text,
            is_error=outcome.is_error,
            detail=outcome.detail,
            covers=outcome.covers,
        )
        call.state = "failed" if outcome.is_error else "done"
        self._live.tell(tool_frame(self._live.id, call, detail=outcome.detail))

    def _tell_stopped(self, calls: Sequence[ToolCall]) -> None:
        for call in calls:
            if call.state == "running":
                frame = tool_frame(self._live.id, call, state="stopped")
                self._live.tell(frame)


def _part_repeats(
    pairs: Sequence[_Pair],
) -> tuple[list[_Pair], list[tuple[_Pair, ToolCall]]]:
    """Part the calls that are to be run from those that repeat one of them.

    With what may change something between them, two equal calls are two questions.
    """
    firsts: list[_Pair] = []
    repeats: list[tuple[_Pair, ToolCall]] = []
    known: dict[str, ToolCall] = {}
    for call, given in pairs:
        spelled = spell_call(given.name, given.input)
        if spelled in known:
            repeats.append(((call, given), known[spelled]))
            continue
        tool = CATALOGUE.get(given.name)
        if tool is not None and not tool.is_reading:
            known.clear()
        known[spelled] = call
        firsts.append((call, given))
    return firsts, repeats


def _groups(pairs: Sequence[_Pair]) -> Iterator[list[_Pair]]:
    """Yield runs of neighbours that only read, and every other call by itself."""
    together: list[_Pair] = []
    for pair in pairs:
        tool = CATALOGUE.get(pair[1].name)
        if tool is not None and tool.is_reading:
            together.append(pair)
            continue
        if together:
            yield together
            together = []
        yield [pair]
    if together:
        yield together
