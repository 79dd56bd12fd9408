"""One turn's calls to the model: asked, tools run, asked again, until it has answered."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from structlog.contextvars import bind_contextvars

from assistant.configuration import Configuration
from assistant.enums import TurnState
from assistant.errors import BudgetSpentError, ProviderError
from assistant.models import ToolCall, Turn
from assistant.policies.rules import PolicyRules, rules_of
from assistant.providers.answering import stream_answer
from assistant.providers.claude import count_input
from assistant.providers.parts import (
    AnswerPaused,
    AnswerStarted,
    AnswerText,
    ChatRequest,
    TryBegun,
    TryFailed,
)
from assistant.services.catalogue import plan_turn
from assistant.services.limits import Span, find_spent
from assistant.services.metering import bound_chat_input, reserve_turn
from assistant.services.policies import guard_turn
from assistant.services.request_limits import too_many_requests
from assistant.services.tool_calls import AskedCall, begin_calls, go_on
from assistant.services.turns import note_progress
from assistant.turns.books import Books
from assistant.turns.guard import OutputGuard
from assistant.turns.pacing import Pace
from assistant.turns.preparing import prepare_request, shorten_request
from assistant.turns.threads import in_thread
from assistant.turns.toolwork import ToolWork, asked_calls, whole_blocks
from assistant.turns.words import NOTHING, Words
from interviews.enums import Policy

TOOL_USE = "tool_use"
PARKED = "parked"
STEP_LIMIT = "step_limit"
LOOP = "tool_loop"
REQUEST_LIMIT = "request_limit"
CONTEXT_EXCEEDED = "context_exceeded"
# What an answer ends with where an allowance is used up.
_SPENT = {Span.TURN: "max_tokens", Span.INTERVIEW: "interview_limit"}
# With less room than this for its words no further call is made.
LEAST_OUTPUT_TOKENS = 256

LAST_STEP = (
    "<note>No more tools may be used in this answer: its steps are used up. Answer now "
    "with what you have.</note>"
)
CIRCLING = (
    "<note>No more tools may be used in this answer: you repeat yourself. Say what you "
    "found and what you could not do.</note>"
)


@dataclass(frozen=True)
class Setting:
    """What holds for all of a turn's calls; `is_asked` by a person, who paid for one."""

    targets: Sequence[Configuration]
    rules: PolicyRules
    base: Mapping[str, Any]
    guard: OutputGuard
    is_asked: bool


def read_setting(turn_id: UUID) -> Setting:
    """Return what holds for a turn's calls. Raises NotConfiguredError."""
    turn = Turn.objects.select_related(
        "conversation__interview__assessment_version"
    ).get(pk=turn_id)
    interview = turn.conversation.interview
    ids = {"interview_id": interview.pk, "conversation_id": turn.conversation_id}
    return Setting(
        plan_turn(turn),
        rules_of(interview),
        ids,
        guard_turn(turn),
        is_asked=turn.follows_id is None,
    )


class Chain:
    """The calls of one turn; what comes of them is in its words."""

    def __init__(self, words: Words, owner: str) -> None:
        self._words = words
        self._id = words.live.id
        self._owner = owner
        self._step = 0
        self._is_last = False
        # What the model may write: in one call, and in those to come.
        self._most = 0
        self._left = 0
        self._books: Books | None = None
        self._pace = Pace(words.live, is_paid=True)

    async def run(self) -> None:
        """Ask until the model has answered; raises AssistantError."""
        setting = await in_thread(read_setting)(self._id)
        # The turn's task is of no request and no socket: its lines in the log say whose
        # they are all the same.
        bind_contextvars(interview=str(setting.base["interview_id"]))
        self._words.guard = setting.guard
        self._pace = Pace(self._words.live, is_paid=setting.is_asked)
        first = await prepare_request(self._id, setting.targets[0])
        work = ToolWork(self._words.live, setting.rules)
        self._is_last = setting.rules.max_steps <= 1
        # Past a soft limit of a budget a whole answer is to be short.
        self._most = first.max_tokens
        self._left = self._most if first.brief else setting.rules.chain_tokens
        request: ChatRequest | None = first
        while request is not None:
            if not await self._call(setting, request):
                return
            request = await self._work(setting, work)
            self._step += 1

    async def _call(self, setting: Setting, request: ChatRequest) -> bool:
        """Make one call; False where the turn is over already."""
        if not await self._reserve(setting.targets[0], request):
            self._words.note(state=TurnState.STOPPED, stop_reason="stopped")
            return False
        self._words.begin_call()
        self._books = Books(self._id, setting.targets[0], request, step=self._step)
        try:
            await self._read_fitting(setting.targets, request, self._books)
        finally:
            self._words.end_text()
        return True

    async def _read_fitting(
        self, targets: Sequence[Configuration], request: ChatRequest, books: Books
    ) -> None:
        """Read the answer; a conversation too long for the model is sent shorter, once."""
        try:
            await self._read(targets, request, books)
        except ProviderError as error:
            if not self._may_shorten(request, error):
                raise
            await books.fail_try(self._failed(error))
        else:
            return
        self._step += 1
        self._words.note(is_unsent=True, **NOTHING)
        shorter = await shorten_request(self._id, targets[0], step=self._step)
        books.begin_anew(shorter, step=self._step)
        await self._read(targets, shorter, books)

    def _may_shorten(self, request: ChatRequest, error: ProviderError) -> bool:
        """Say whether less of the conversation would be less: not within tools' steps."""
        is_first = self._step == 0 and len(request.messages) > 1
        return error.code == CONTEXT_EXCEEDED and is_first

    def _failed(self, error: ProviderError) -> TryFailed:
        return TryFailed(
            error.code,
            error.request_id,
            is_unbilled=error.is_unbilled,
            trace=self._words.outcome.call,
        )

    async def _reserve(
        self, configuration: Configuration, request: ChatRequest
    ) -> bool:
        """Reserve by a bound of the input; where that is too much, by a count.

        Returns False where the turn is over already.
        """
        reserve = partial(
            in_thread(reserve_turn),
            self._id,
            configuration,
            output_tokens=request.max_tokens,
            step=self._step,
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
        self, targets: Sequence[Configuration], request: ChatRequest, books: Books
    ) -> None:
        words = self._words
        async with aclosing(stream_answer(targets, request)) as parts:
            async for part in parts:
                if isinstance(part, AnswerText):
                    words.take_text(part.text)
                elif isinstance(part, AnswerStarted):
                    words.take_start(targets[0], request, part)
                    await self._note_progress(part)
                    await books.tell_start(part)
                elif isinstance(part, TryBegun):
                    if not await self._begin_try(part, books):
                        return
                elif isinstance(part, TryFailed):
                    words.note(is_unsent=True, **NOTHING)
                    await books.fail_try(part)
                elif isinstance(part, AnswerPaused):
                    await books.end_call(words.outcome)
                    words.note(is_unsent=True, usage=None, is_usage_final=False)
                else:
                    words.take_figures(part)

    async def _begin_try(self, part: TryBegun, books: Books) -> bool:
        """Let a try go out; False where the answer ends before it, with what it has.

        Raises TooManyAsksError where it has nothing yet.
        """
        words = self._words
        wait = await self._pace.begin_try(part.trace)
        if wait and not words.live.text.length:
            raise too_many_requests(wait)
        if wait:
            words.note(stop_reason=REQUEST_LIMIT)
        elif not await books.begin_try(part):
            words.note(state=TurnState.STOPPED, stop_reason="stopped")
        else:
            words.note(is_unsent=False, call=part.trace)
            return True
        return False

    async def _note_progress(self, part: AnswerStarted) -> None:
        await in_thread(note_progress)(
            self._id,
            model=part.model,
            request_id=part.request_id,
            is_simulated=self._words.outcome.is_simulated,
            usage=dict(part.usage),
        )

    async def _work(self, setting: Setting, work: ToolWork) -> ChatRequest | None:
        """Run what the call asked for; return the next request, None where it is over."""
        words = self._words
        asked = asked_calls(words.outcome.blocks, words.broken)
        if words.outcome.stop_reason != TOOL_USE or not asked:
            return None
        self._left -= int((words.outcome.usage or {}).get("output_tokens", 0))
        calls = await self._begin(asked)
        if not calls:
            words.note(state=TurnState.STOPPED, stop_reason="stopped")
            return None
        if self._is_last:
            await work.refuse(calls)
            words.note(stop_reason=LOOP if work.is_circling else STEP_LIMIT)
            return None
        await work.run(setting.base, calls, asked)
        if work.is_parked and setting.rules.policy == Policy.AGENT:
            words.note(stop_reason=PARKED)
            return None
        return await self._go_on(setting.rules, work)

    async def _begin(self, asked: Sequence[AskedCall]) -> list[ToolCall]:
        """Book the call that is over, then write down what it asks for."""
        words = self._words
        if self._books is not None:
            await self._books.end_call(words.outcome)
        blocks = whole_blocks(words.blocks_to_keep())
        model = words.outcome.model
        words.note(is_unsent=True, **NOTHING)
        return await in_thread(begin_calls)(
            self._id,
            owner=self._owner,
            blocks=blocks,
            asked=asked,
            model=model,
            offset=words.live.text.length,
        )

    async def _go_on(self, rules: PolicyRules, work: ToolWork) -> ChatRequest | None:
        ending = await self._why_over()
        if ending:
            self._words.note(stop_reason=ending)
            return None
        note = ""
        if work.is_circling:
            note = CIRCLING
        elif self._step + 2 >= rules.max_steps:
            note = LAST_STEP
        self._is_last = bool(note)
        request = await in_thread(go_on)(
            self._id,
            owner=self._owner,
            shown=self._words.live.text.length,
            max_tokens=min(self._most, self._left),
            note=note,
        )
        if request is None:
            self._words.note(state=TurnState.STOPPED, stop_reason="stopped")
        return request

    async def _why_over(self) -> str:
        """Return why no further call is made; "" where a request is taken for it."""
        if self._left < LEAST_OUTPUT_TOKENS:
            return "max_tokens"
        spent = await in_thread(find_spent)(self._id)
        if spent is not None:
            return _SPENT[spent]
        return REQUEST_LIMIT if await self._pace.take() else ""
