"""Who sees what the assistant took: staff by their role, candidates where it is shown."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from accounts.enums import Role
from assistant.configuration import read_configuration
from assistant.models import Turn
from assistant.record import build_conversation_record
from assistant.services.endings import TurnOutcome, end_turn
from assistant.services.metering import reserve_turn
from assistant.services.prompts import import_shipped_prompts
from assistant.services.turns import claim_turn
from billing.models import ModelPrice
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.conftest import Running
from tests.assistant.socket import (
    Frames,
    ask,
    is_end,
    make_socket,
    opened,
    receive_until,
)
from tests.factories.interviews import AssessmentVersionFactory, InterviewFactory
from tests.factories.people import People

pytestmark = pytest.mark.django_db(transaction=True)

FIGURES = {"input_tokens", "output_tokens", "total_tokens"}


@pytest.fixture(autouse=True)
def _simulated(settings: Settings, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url


def make_interview(people: People, *, shows_cost: bool = False) -> Interview:
    import_shipped_prompts()
    version = AssessmentVersionFactory.create(
        organisation=people.organisation, shows_cost=shows_cost
    )
    return InterviewFactory.create(
        state=InterviewState.ACTIVE,
        organisation=people.organisation,
        invitation__assessment_version=version,
    )


def check_figures(frame: dict[str, Any], *, are_shown: bool) -> None:
    assert ("usage" in frame, "cost_usd" in frame) == (are_shown, are_shown)
    if are_shown:
        assert set(frame["usage"]) == FIGURES
        assert frame["usage"]["output_tokens"] > 0
        assert float(frame["cost_usd"]) > 0


async def ask_as_candidate(interview: Interview) -> tuple[Frames, dict[str, Any]]:
    """The frames of an answer, and the hello of a page opened after it."""
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "How do I start?")
        frames = await receive_until(socket, is_end)
    async with opened(interview) as socket:
        return frames, await socket.receive_json_from(timeout=10)


@pytest.mark.parametrize("shows_cost", [False, True], ids=["hidden", "shown"])
async def test_candidate_sees_cost_only_where_the_assessment_shows_it(
    people: People, *, shows_cost: bool
) -> None:
    interview = await sync_to_async(make_interview)(people, shows_cost=shows_cost)

    frames, hello = await ask_as_candidate(interview)

    assert hello["sees_cost"] is shows_cost
    question, answer = hello["messages"]
    check_figures(question, are_shown=False)
    check_figures(answer, are_shown=shows_cost)
    check_figures(frames[-1], are_shown=shows_cost)
    for frame in [*frames, hello]:
        assert shows_cost or "cost_usd" not in str(frame)
    record = await sync_to_async(build_conversation_record)(interview)
    assert ("cost_usd" in str(record.data)) is shows_cost
    assert "usage" not in str(record.entries)


@pytest.mark.parametrize(
    ("role", "sees_cost"),
    [
        (Role.OWNER, True),
        (Role.RECRUITER, True),
        (Role.REVIEWER, False),
    ],
    ids=lambda value: str(value),
)
async def test_member_sees_cost_by_role(
    people: People, role: Role, *, sees_cost: bool
) -> None:
    interview = await sync_to_async(make_interview)(people)
    async with opened(interview, user=people.with_role(role)) as watcher:
        before = await watcher.receive_json_from(timeout=10)
        await ask_as_candidate(interview)
        seen = await receive_until(watcher, is_end)
    async with opened(interview, user=people.with_role(role)) as watcher:
        after = await watcher.receive_json_from(timeout=10)

    assert before["sees_cost"] is sees_cost
    check_figures(seen[-1], are_shown=sees_cost)
    check_figures(after["messages"][-1], are_shown=sees_cost)


async def test_role_and_not_the_candidates_view_decides_for_members(
    people: People,
) -> None:
    interview = await sync_to_async(make_interview)(people, shows_cost=True)

    async with opened(interview, user=people.reviewer) as watcher:
        hello = await watcher.receive_json_from(timeout=10)

    assert hello["sees_cost"] is False


@pytest.mark.parametrize("role", [Role.FINANCE, Role.INTERVIEWER, None])
async def test_who_may_not_read_conversations_gets_no_socket(
    people: People, role: Role | None
) -> None:
    """Finance sees money in the reports; an interviewer is no reader; nor a stranger."""
    interview = await sync_to_async(make_interview)(people)
    user = people.stranger if role is None else people.with_role(role)

    socket = await make_socket(interview, user=user)

    assert (await socket.connect(timeout=10))[0] is False


async def test_failed_answer_shows_what_it_took(
    people: People, simulator: Running
) -> None:
    interview = await sync_to_async(make_interview)(people, shows_cost=True)
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "Hello [[simulate: drop after=5]]")
        frames = await receive_until(socket, is_end)

    assert frames[-1]["type"] == "turn.failed"
    check_figures(frames[-1], are_shown=True)


def end_unpriced(interview: Interview) -> Turn:
    ModelPrice.objects.all().delete()
    turn = Turn.objects.create(
        conversation=interview.conversations.create(), client_id="client-1"
    )
    claim_turn(turn.pk, owner="web-1")
    reserve_turn(turn.pk, read_configuration(), input_tokens=9, output_tokens=9)
    usage = {"input_tokens": 7, "output_tokens": 2}
    end_turn(turn.pk, TurnOutcome("finished", "Yes.", usage=usage))
    return turn


async def test_unknown_cost_is_null_and_never_zero(people: People) -> None:
    interview = await sync_to_async(make_interview)(people, shows_cost=True)
    await sync_to_async(end_unpriced)(interview)

    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)

    answer = hello["messages"][-1]
    assert answer["usage"]["total_tokens"] == 9
    assert answer["cost_usd"] is None
