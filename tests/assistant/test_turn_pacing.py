"""Calls within an answer count, too: they wait for their request, or are not made."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from uuid import UUID

import pytest
import time_machine
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.configuration import Configuration
from assistant.enums import TurnState
from assistant.errors import TooManyAsksError
from assistant.models import Message, Turn
from assistant.providers.parts import (
    AnswerPart,
    AnswerPaused,
    ChatRequest,
    TryBegun,
    TryFailed,
)
from assistant.services import asking
from assistant.services.catalogue import choose_model, plan_call
from assistant.services.decisions import follow_up
from assistant.services.metering import HINT
from assistant.services.questions import answer_question
from assistant.tools.base import ToolContext, ToolOutcome
from assistant.turns import chain
from assistant.turns.live import LiveTurn, Side
from assistant.turns.registry import start_turn
from assistant.turns.threads import in_thread
from base.clock import now
from interviews.models import Interview
from tests.assistant.requests import MINUTE, START, leave, taken
from tests.assistant.toolbox import make_interview, set_tool
from tests.assistant.turns import acheck_sums, begin, end, use
from tests.factories.billing import UsageFactory
from tests.fakes.script import ScriptedModel, Step, calls, results_in, says

pytestmark = pytest.mark.django_db(transaction=True)

LIST = ("list_files", {"folder": None})
FAILED = TryFailed("overloaded_error", "", is_unbilled=True)
SOON, LATE, TOO_LATE = 0.05, 30.0, 300.0


@pytest.fixture(autouse=True)
def _simulated(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    monkeypatch.setitem(settings.MODEL_CALLS, "jitter_seconds", 0.01)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still: nothing comes back by itself."""
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def interview(transactional_db: None, clock: time_machine.Traveller) -> Interview:
    return make_interview()


def using_up(interview: Interview, seconds: float) -> object:
    """The work of a tool beside which others use the organisation's requests up."""

    def work(_context: ToolContext, _asked: object) -> ToolOutcome:
        leave(interview, seconds)
        return ToolOutcome("a.py")

    return work


async def play(
    monkeypatch: pytest.MonkeyPatch, interview: Interview, *script: Step
) -> tuple[ScriptedModel, Message]:
    model = use(monkeypatch, ScriptedModel(*script))
    return model, await answer_of(await end(await begin(interview)))


async def answer_of(turn: Turn) -> Message:
    answers = Message.objects.select_related("turn")
    return await answers.aget(turn=turn, role="assistant")


async def follow(
    live: LiveTurn, clock: time_machine.Traveller
) -> list[tuple[int, bool]]:
    """Have a minute pass whenever pages are told of a wait; return what they are told.

    That is where in the text it was, and whether it began.
    """
    told = []
    async for part in live.text.follow(0):
        if isinstance(part, Side) and part.frame["type"] == "turn.waiting":
            assert part.frame["turn"] == str(live.id)
            told.append((part.offset, part.frame["seconds"] > 0))
            clock.shift(MINUTE * told[-1][1])
    return told


async def test_each_call_of_an_answer_takes_a_request(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = [TryBegun(), FAILED, *says("It passes.")]
    other = ("search", {"text": "pass", "is_regex": False, "path": None})

    model, answer = await play(monkeypatch, interview, calls(LIST), calls(other), again)

    assert (answer.turn.state, answer.text) == (TurnState.FINISHED, "It passes.")
    assert len(model.requests) == 3
    # The failed try of the last one was a request, too.
    assert await sync_to_async(taken)(interview) == 4


async def test_chain_that_meets_the_limit_waits_and_pages_see_it(
    interview: Interview,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
) -> None:
    set_tool(monkeypatch, "list_files", using_up(interview, SOON))
    script = calls(LIST, text="I look."), says("It passes.")
    model = use(monkeypatch, ScriptedModel(*script))
    live = await begin(interview)

    waits = await follow(live, clock)

    answer = await answer_of(await end(live))
    assert (answer.turn.state, answer.stop_reason) == (TurnState.FINISHED, "end_turn")
    assert answer.text == "I look.\n\nIt passes."
    assert len(model.requests) == 2
    assert waits == [(7, True), (7, False)]
    await acheck_sums()


async def test_chain_that_waits_is_stopped_at_once(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_tool(monkeypatch, "list_files", using_up(interview, LATE))
    model = use(monkeypatch, ScriptedModel(calls(LIST, text="I look."), says("No.")))
    live = await begin(interview)
    async for part in live.text.follow(0):
        if isinstance(part, Side) and part.frame["type"] == "turn.waiting":
            live.stop()

    turn = await end(live)

    answer = await answer_of(turn)
    assert (turn.state, answer.text) == (TurnState.STOPPED, "I look.")
    assert len(model.requests) == 1
    await acheck_sums()


async def test_chain_that_would_wait_too_long_ends_with_what_it_has(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_tool(monkeypatch, "list_files", using_up(interview, TOO_LATE))

    model, answer = await play(
        monkeypatch, interview, calls(LIST, text="I look."), says("No.")
    )

    assert (answer.turn.state, answer.text) == (TurnState.FINISHED, "I look.")
    assert answer.stop_reason == chain.REQUEST_LIMIT
    assert len(model.requests) == 1
    await acheck_sums()
    await sync_to_async(leave)(interview, -50)
    use(monkeypatch, after := ScriptedModel(says("It passes.")))
    await end(await begin(interview, "Go on"))
    (result,) = results_in(after.requests[0].messages)
    assert result["content"] == "a.py"


TRIED_AGAIN = [TryBegun(), FAILED, *says("No.")]
CONTINUED = [*says("I look.")[:-1], AnswerPaused(), *says("No.")]


@pytest.mark.parametrize(
    ("script", "state", "ending", "text"),
    [
        pytest.param(
            TRIED_AGAIN, TurnState.FAILED, ("error", "rate_limited"), "", id="nothing"
        ),
        pytest.param(
            CONTINUED,
            TurnState.FINISHED,
            (chain.REQUEST_LIMIT, ""),
            "I look.",
            id="some-text",
        ),
    ],
)
async def test_further_try_that_would_wait_too_long_is_not_made(
    interview: Interview,
    monkeypatch: pytest.MonkeyPatch,
    script: Step,
    state: str,
    ending: Sequence[str],
    text: str,
) -> None:
    model = SpendingModel(interview, script)
    monkeypatch.setattr(chain, "stream_answer", model.stream_answer)
    live = await begin(interview)
    turn = await end(live)

    answer = await answer_of(turn)
    assert (turn.state, answer.text) == (state, text)
    assert (answer.stop_reason, turn.error_code) == tuple(ending)
    if state == TurnState.FAILED:
        assert live.end_frame is not None
        assert live.end_frame["retryable"] is True
        assert live.end_frame["retry_after"] == TOO_LATE
    await acheck_sums()


class SpendingModel(ScriptedModel):
    """Beside its first try others use the organisation's requests up."""

    def __init__(self, interview: Interview, *script: Step) -> None:
        super().__init__(*script)
        self._interview = interview

    async def stream_answer(
        self, targets: Sequence[Configuration], request: ChatRequest
    ) -> AsyncGenerator[AnswerPart, None]:
        """Do as the script says."""
        is_first = True
        async with aclosing(super().stream_answer(targets, request)) as parts:
            async for part in parts:
                yield part
                if is_first:
                    await sync_to_async(leave)(self._interview, TOO_LATE)
                is_first = False


async def test_turn_that_goes_on_by_itself_waits_for_its_request(
    interview: Interview,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
) -> None:
    question = {"question": "Which?", "options": ["a", "b"], "allows_several": False}
    _model, parked = await play(
        monkeypatch, interview, calls(("ask_candidate", question), text="Tell me.")
    )
    assert parked.stop_reason == chain.PARKED
    await sync_to_async(leave)(interview, SOON)
    model = use(monkeypatch, ScriptedModel(says("Thanks.")))

    live = start_turn(await sync_to_async(go_on)(parked.turn))
    waits = await follow(live, clock)

    assert (await end(live)).state == TurnState.FINISHED
    assert len(model.requests) == 1
    assert waits == [(0, True), (0, False)]


def go_on(parked: Turn) -> UUID:
    """Answer what a parked turn asked; return the turn that goes on."""
    question = parked.questions.get()
    interview_id = question.turn.conversation.interview_id
    answer_question(interview_id, question.pk, answer=[0], client_id="answer-1")
    following = follow_up(parked.pk)
    assert following is not None
    return following


# A hint, a judgement


@pytest.mark.parametrize(
    ("is_paid", "count"),
    [pytest.param(True, 1, id="asked-for"), pytest.param(False, 2, id="by-itself")],
)
async def test_each_try_of_a_single_call_takes_a_request(
    interview: Interview, monkeypatch: pytest.MonkeyPatch, *, is_paid: bool, count: int
) -> None:
    model = ScriptedModel([TryBegun(), FAILED, *says("Look closer.")])
    monkeypatch.setattr(asking, "stream_answer", model.stream_answer)
    call = asking.SingleCall(interview, purpose=HINT, is_paid=is_paid)

    hint = await ask_for_hint(interview, call)

    assert hint.text == "Look closer."
    assert await sync_to_async(taken)(interview) == count


async def test_single_call_that_would_wait_too_long_is_not_made(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sync_to_async(leave)(interview, TOO_LATE)
    model = ScriptedModel(says("Look closer."))
    monkeypatch.setattr(asking, "stream_answer", model.stream_answer)

    with pytest.raises(TooManyAsksError) as refused:
        await ask_for_hint(interview, asking.SingleCall(interview, purpose=HINT))

    assert refused.value.retry_after == TOO_LATE
    await acheck_sums()


async def ask_for_hint(
    interview: Interview, call: asking.SingleCall
) -> asking.OneAnswer:
    plan = sync_to_async(lambda: plan_call(choose_model("hint", interview)))
    said = [{"role": "user", "content": "Hi"}]
    request = ChatRequest(system=[], messages=said, max_tokens=100, reference="x")
    answer = await call.ask_live(await plan(), request, in_thread)
    await in_thread(call.settle)()
    return answer


# The interview's own limits within an answer


async def test_answer_waits_for_its_interviews_minute(
    interview: Interview,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
    settings: Settings,
) -> None:
    # A second brings ten thousand.
    settings.LIMITS = {**settings.LIMITS, "minute_tokens": 600_000}

    def work(_context: ToolContext, _asked: object) -> ToolOutcome:
        use_tokens(interview, 600_000)
        return ToolOutcome("a.py")

    set_tool(monkeypatch, "list_files", work)
    script = calls(LIST, text="I look."), says("It passes.")
    model = use(monkeypatch, ScriptedModel(*script))
    live = await begin(interview)

    waits = await follow(live, clock)

    assert (await answer_of(await end(live))).stop_reason == "end_turn"
    assert len(model.requests) == 2
    assert waits == [(7, True), (7, False)]


async def test_answer_ends_where_its_interview_is_used_up(
    interview: Interview, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "interview_requests": 2}
    script = [calls(LIST, text=text) for text in ("One.", "Two.", "Three.")]

    model, answer = await play(monkeypatch, interview, *script)

    assert len(model.requests) == 2
    assert (answer.stop_reason, answer.text) == ("interview_limit", "One.\n\nTwo.")


def use_tokens(interview: Interview, tokens: int) -> None:
    UsageFactory.create(
        payer=str(interview.organisation_id),
        reference=str(interview.pk),
        purpose="chat",
        at=now(),
        input_tokens=tokens,
        output_tokens=0,
    )
