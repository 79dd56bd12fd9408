"""Caps on the assistant: they hold, they are told kindly, and the interview goes on."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.configuration import read_configuration
from assistant.context.texts import BRIEF
from assistant.enums import TurnState
from assistant.errors import AssistantError, BudgetSpentError
from assistant.models import Message, Turn
from assistant.services.metering import CHAT, bound_chat_input, describe_call
from assistant.services.prompts import import_shipped_prompts
from assistant.services.requests import build_request
from assistant.services.turns import store_question
from assistant.turns.registry import start_turn
from billing.enums import Scope
from billing.models import Budget, Usage
from billing.services.reservations import release, reserve
from billing.services.stops import resume_spending, stop_spending
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.services.files import create_file
from tests.assistant.conftest import Running
from tests.assistant.socket import ask, is_end, opened, receive_until
from tests.assistant.turns import acheck_sums, answer, begin, end, use
from tests.factories.billing import BudgetFactory
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import INPUT_TOKENS, OUTPUT_TOKENS, FakeModel

pytestmark = pytest.mark.django_db(transaction=True)

ONE_ANSWER = (INPUT_TOKENS * Decimal(2) + OUTPUT_TOKENS * Decimal(10)) / 1_000_000
COUNT_PATH = "/v1/messages/count_tokens"
GOES_ON = "Everything else goes on: your files, the tests and your time."
SPENT = f"The assistant's budget for this interview is used up. {GOES_ON}"
MONTH_SPENT = f"The company's budget for the assistant is used up for now. {GOES_ON}"
STOPPED = f"The company has switched the assistant off for now. {GOES_ON}"
BRIEF_NOTICE = "To make its budget last, the assistant keeps its answers short now."


@pytest.fixture(autouse=True)
def _simulated(settings: Settings, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url
    # How often somebody may ask is not what holds these tests.
    settings.LIMITS = {
        **settings.LIMITS,
        "asks_per_minute": 10_000,
        "requests_per_minute": 10_000,
    }


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    Budget.objects.all().delete()
    return InterviewFactory.create(state=InterviewState.ACTIVE)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    return use(monkeypatch, FakeModel())


@sync_to_async
def limit(interview: Interview, **limits: Any) -> Budget:
    """Put limits on what answers of this interview may cost."""
    return BudgetFactory.create(
        payer=str(interview.organisation_id),
        subject=str(interview.pk),
        purpose=CHAT,
        **{"soft_usd": None, "hard_usd": None, **limits},
    )


@sync_to_async
def limit_month(interview: Interview, hard: Decimal) -> Budget:
    payer = str(interview.organisation_id)
    return BudgetFactory.create(
        payer=payer,
        scope=Scope.PAYER_MONTH,
        subject=payer,
        soft_usd=None,
        hard_usd=hard,
    )


@sync_to_async
def spent_on(interview: Interview) -> Decimal:
    rows = Usage.objects.filter(reference=str(interview.pk))
    return sum((row.cost_usd or row.bound_usd for row in rows), Decimal(0))


def write_a_file(interview: Interview) -> None:
    section = interview.assessment_version.sections.get(position=0)
    path = f"{section.folder}/notes.md"
    create_file(interview.pk, path=path, text="on my own", client_id="file-00001")


@pytest.mark.parametrize(
    "asks", [60, pytest.param(1_000, marks=pytest.mark.long, id="a thousand")]
)
async def test_asks_stop_at_the_cap_and_the_interview_goes_on(
    interview: Interview, model: FakeModel, asks: int
) -> None:
    hard = ONE_ANSWER * 10 - Decimal("0.0005")
    budget = await limit(interview, hard_usd=hard)
    answered, refusals = 0, set()
    for _number in range(asks):
        try:
            await answer(interview)
            answered += 1
        except BudgetSpentError as error:
            refusals.add((error.code, str(error.message), error.retryable))

    assert answered == len(model.requests) == 10
    assert refusals == {("budget_exceeded", SPENT, False)}
    assert hard <= await spent_on(interview) <= hard + ONE_ANSWER
    assert await Turn.objects.acount() == await Usage.objects.acount() == 10
    await acheck_sums()

    before = interview.ends_at
    await sync_to_async(write_a_file)(interview)
    await interview.arefresh_from_db()
    assert interview.state == InterviewState.ACTIVE
    assert interview.ends_at == before

    budget.hard_usd = hard + 1
    await budget.asave()
    assert (await answer(interview)).state == TurnState.FINISHED


async def test_refused_ask_is_told_and_the_very_next_goes_through_when_raised(
    interview: Interview, model: FakeModel
) -> None:
    budget = await limit(interview, hard_usd=ONE_ANSWER)
    await answer(interview)
    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)
        await ask(socket, "One more?", "ask-00000001")
        refused = await receive_until(socket, is_end)
        budget.hard_usd = ONE_ANSWER * 2
        await budget.asave()
        await ask(socket, "One more?", "ask-00000001")
        frames = await receive_until(socket, is_end)

    assert hello["assistant"]["notice"] == SPENT
    assert hello["assistant"]["available"] is True
    assert refused == [
        {
            "type": "error",
            "id": "ask-00000001",
            "code": "budget_exceeded",
            "message": SPENT,
            "retryable": False,
        }
    ]
    assert frames[-1]["type"] == "turn.finished"
    assert len(model.requests) == 2


async def test_kill_switch_refuses_the_next_ask_and_lets_the_one_after_it_through(
    interview: Interview, model: FakeModel
) -> None:
    payer = str(interview.organisation_id)
    await sync_to_async(stop_spending)(payer, reason="a bill nobody understands")
    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)
        await ask(socket, "Hello there", "ask-00000001")
        refused = await receive_until(socket, is_end)
        await sync_to_async(resume_spending)(payer)
        await ask(socket, "Hello there", "ask-00000001")
        frames = await receive_until(socket, is_end)

    assert hello["assistant"]["notice"] == STOPPED
    assert (refused[-1]["code"], refused[-1]["message"]) == (
        "spending_stopped",
        STOPPED,
    )
    assert frames[-1]["type"] == "turn.finished"
    assert len(model.requests) == 1


async def test_question_stored_before_the_cap_was_met_fails_without_being_sent(
    interview: Interview, model: FakeModel, simulator: Running
) -> None:
    turn, _is_new = await sync_to_async(store_question)(
        interview.pk,
        client_id="ask-00000001",
        text="Hello there",
        configuration=read_configuration(),
    )
    await limit(interview, hard_usd=Decimal(0))

    failed = await end(start_turn(turn.pk))

    assert (failed.state, failed.error_code) == (TurnState.FAILED, "budget_exceeded")
    assert failed.error_message == SPENT
    assert model.requests == []
    assert not simulator.app.log
    assert not await Usage.objects.aexists()
    question = await Message.objects.aget(role="user")
    assert question.text == "Hello there"


async def test_soft_limit_asks_for_a_shorter_answer_and_says_so(
    interview: Interview, model: FakeModel, settings: Settings
) -> None:
    await limit(interview, soft_usd=ONE_ANSWER)
    await answer(interview, "word " * 900)
    await answer(interview, "word " * 900)
    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)
        await ask(socket, "And now?")
        frames = await receive_until(socket, is_end)

    started = next(frame for frame in frames if frame["type"] == "turn.started")
    assert hello["assistant"]["notice"] == BRIEF_NOTICE
    assert (started["brief"], started["notice"]) == (True, BRIEF_NOTICE)
    first, second, third = model.requests
    assert (first.brief, second.brief, third.brief) == ("", BRIEF, BRIEF)
    assert first.max_tokens == settings.LIMITS["output_tokens"]
    assert third.max_tokens == settings.LIMITS["output_tokens_tight"]
    sent = [len(request.messages) for request in model.requests]
    assert sent == [1, 3, 5], "what was sent before stays as it is"


async def test_soft_limit_reaches_the_model_after_the_cached_prompt(
    interview: Interview, simulator: Running, settings: Settings
) -> None:
    settings.ANTHROPIC_EFFORT = "high"
    await answer(interview)
    await limit(interview, soft_usd=Decimal("0.000001"))
    await answer(interview)

    usual, tight = (request.body for request in simulator.app.log)
    assert usual is not None
    assert tight is not None
    assert tight["system"] == usual["system"]
    assert tight["messages"][-1]["content"][-1]["text"] == BRIEF
    assert usual["output_config"] == {"effort": "high"}
    assert tight["output_config"] == {"effort": "low"}
    assert (usual["max_tokens"], tight["max_tokens"]) == (4096, 1024)


async def test_interview_without_limits_has_no_notice(
    interview: Interview, model: FakeModel
) -> None:
    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)
        await ask(socket, "Hello there")
        frames = await receive_until(socket, is_end)

    assert hello["assistant"]["notice"] == ""
    assert (frames[1]["brief"], frames[1]["notice"]) == (False, "")


def hold(interview: Interview, bound: Decimal) -> Any:
    call = describe_call(interview, read_configuration(), purpose=CHAT)
    return reserve(call, bound=bound, expires_in=timedelta(minutes=5)).pk


async def test_bound_that_does_not_fit_is_counted_and_the_turn_goes_on(
    interview: Interview, simulator: Running
) -> None:
    """Bytes bound the prompt about four times too high: the count leaves room."""
    turn, _is_new = await sync_to_async(store_question)(
        interview.pk,
        client_id="ask-00000001",
        text="Hello there",
        configuration=read_configuration(),
    )
    prepared = await sync_to_async(build_request)(turn.pk, read_configuration())
    request = prepared.request
    output = Decimal(request.max_tokens) * 10 / 1_000_000
    prompt = Decimal(bound_chat_input(request)) * 4 / 1_000_000
    await limit(interview, hard_usd=output + prompt / 2)
    held = await sync_to_async(hold)(interview, Decimal("0.000001"))

    ended = await end(start_turn(turn.pk))

    assert ended.state == TurnState.FINISHED
    paths = [request.path for request in simulator.app.log]
    assert paths == [COUNT_PATH, "/v1/messages"]
    await sync_to_async(release)(held)
    await acheck_sums()


async def test_bound_that_fits_is_not_counted(
    interview: Interview, simulator: Running
) -> None:
    await limit(interview, hard_usd=Decimal(1))

    await answer(interview)

    assert [request.path for request in simulator.app.log] == ["/v1/messages"]


async def test_room_held_by_another_call_is_a_reason_to_try_again(
    interview: Interview, simulator: Running, model: FakeModel
) -> None:
    await limit(interview, hard_usd=Decimal("0.01"))
    held = await sync_to_async(hold)(interview, Decimal("0.009"))
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "Hello there", "ask-00000001")
        frames = await receive_until(socket, is_end)
        await sync_to_async(release)(held)
        await ask(socket, "Hello there", "ask-00000002")
        again = await receive_until(socket, is_end)

    assert frames[-1]["type"] == "turn.failed"
    assert frames[-1]["code"] == "budget_exceeded"
    assert frames[-1]["retryable"] is True
    assert frames[-1]["message"] == (
        "The assistant is busy with other questions. Try again in a moment."
    )
    assert [request.path for request in simulator.app.log] == [COUNT_PATH]
    assert again[-1]["type"] == "turn.finished"


async def test_month_cap_holds_over_interviews_that_ask_at_once(
    interview: Interview, model: FakeModel, settings: Settings
) -> None:
    many = {"asks_per_minute": 1_000, "requests_per_minute": 4_000}
    settings.LIMITS = {**settings.LIMITS, **many}
    hard = ONE_ANSWER * 16
    budget = await limit_month(interview, hard)
    others = await sync_to_async(InterviewFactory.create_batch)(
        3,
        state=InterviewState.ACTIVE,
        organisation=interview.organisation,
    )
    refusals: list[AssistantError] = []

    async def keep_asking(asking: Interview) -> None:
        # While others hold the rest of the room, a question fails without a refusal.
        while not refusals:
            try:
                await answer(asking)
            except BudgetSpentError as error:
                refusals.append(error)

    await asyncio.gather(*(keep_asking(one) for one in [interview, *others]))

    rows = [usage async for usage in Usage.objects.all()]
    assert {row.payer for row in rows} == {str(interview.organisation_id)}
    spent = sum((row.cost_usd or Decimal(0) for row in rows), Decimal(0))
    assert hard <= spent <= hard + ONE_ANSWER
    assert {str(error.message) for error in refusals} == {MONTH_SPENT}
    await acheck_sums()

    budget.hard_usd = hard * 10
    await budget.asave()
    assert (await answer(others[-1])).state == TurnState.FINISHED


async def test_cap_of_one_organisation_leaves_the_others_alone(
    interview: Interview, model: FakeModel
) -> None:
    await limit_month(interview, Decimal(0))
    other = await sync_to_async(InterviewFactory.create)(state=InterviewState.ACTIVE)
    assert other.organisation_id != interview.organisation_id

    with pytest.raises(BudgetSpentError) as refused:
        await begin(interview)

    assert refused.value.message == MONTH_SPENT
    assert (await answer(other)).state == TurnState.FINISHED
