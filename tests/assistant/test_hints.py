"""The hint ladder: the problem's own rungs first, then the assistant's."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.core.cache import cache
from pytest_django import Settings

from assistant.enums import HintSource, HintState
from assistant.errors import AssistantOffError, LimitReachedError, NoHintsError
from assistant.models import HintUse, ModelCall
from assistant.protocol import HintTake
from assistant.record import build_hint_record
from assistant.services.hints import (
    LOST_AFTER,
    describe_ladder,
    list_hints,
    take_hint,
)
from assistant.services.prompts import import_shipped_prompts
from assistant.simulator.faults import FaultOrder
from assistant.turns.hinting import take_rung
from base.clock import now
from billing.models import Usage
from interviewlm.review.events import list_events
from interviews.enums import InterviewState, Policy
from interviews.errors import InterviewError
from interviews.models import Event, Interview
from tests.assistant.conftest import Running
from tests.assistant.socket import make_socket, opened
from tests.assistant.turns import acheck_sums
from tests.factories.accounts import MembershipFactory
from tests.factories.interviews import AssessmentVersionFactory, InterviewFactory

pytestmark = pytest.mark.django_db(transaction=True)

OWN = ["Look at what you search for.", "A dictionary remembers."]
SIMULATED = "*Simulated answer: no model is configured here.*"


@pytest.fixture(autouse=True)
def _simulated(
    settings: Settings, simulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url
    monkeypatch.setitem(settings.MODEL_CALLS, "first_wait_seconds", 0.01)
    monkeypatch.setitem(settings.MODEL_CALLS, "jitter_seconds", 0.01)


def make_interview(**version: Any) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE,
        assessment_version=AssessmentVersionFactory.create(
            **{"policy": Policy.HINTS, **version}
        ),
    )
    for section in made.assessment_version.sections.all():
        problem = section.problem_version
        problem.hints = OWN
        problem.save(update_fields=["hints"])
    return made


@pytest.fixture
def interview(db: None) -> Interview:
    return make_interview()


def take(interview: Interview, client_id: str = "") -> HintUse:
    hint, _is_begun = take_hint(interview.pk, client_id=client_id or str(uuid4()))
    return hint


def taken_events(interview: Interview) -> list[dict[str, Any]]:
    events = Event.objects.filter(interview=interview, kind="hint.taken")
    return [event.payload for event in events.order_by("seq")]


async def ask_hint(socket: WebsocketCommunicator, frame_id: str = "") -> str:
    frame_id = frame_id or str(uuid4())
    await socket.send_json_to({"type": "hint.take", "id": frame_id, "files": []})
    return frame_id


async def receive_hints(
    socket: WebsocketCommunicator, until: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Return the first ladder, of the open section, that is as wanted."""
    while True:
        frame = await socket.receive_json_from(timeout=15)
        if frame["type"] == "hints.changed":
            section: dict[str, Any] = frame["hints"]["sections"][0]
            if until(section):
                return section


def test_own_hints_come_one_by_one_and_are_on_record(interview: Interview) -> None:
    first, second = take(interview), take(interview)

    assert [first.text, second.text] == OWN
    assert [event["number"] for event in taken_events(interview)] == [1, 2]
    event = taken_events(interview)[0]
    assert event["source"] == HintSource.PROBLEM
    assert event["text"] == OWN[0]
    # The interview began five minutes ago; nobody turned to another section.
    assert event["ms"] >= 5 * 60 * 1000
    assert not Usage.objects.exists()


def test_hint_is_taken_once_however_often_it_is_asked_for(
    interview: Interview,
) -> None:
    assert take(interview, "hint-0001") == take(interview, "hint-0001")

    assert len(taken_events(interview)) == 1


def test_sections_have_ladders_of_their_own(interview: Interview) -> None:
    take(interview)
    Interview.objects.filter(pk=interview.pk).update(section=1)

    assert take(interview).number == 1
    interview.refresh_from_db()
    ladder = describe_ladder(interview)
    assert ladder is not None
    assert ladder["section"] == 1
    assert [len(section["taken"]) for section in ladder["sections"]] == [1, 1]


@pytest.mark.parametrize(
    ("version", "error"),
    [
        pytest.param({"policy": Policy.OFF}, AssistantOffError, id="off"),
        pytest.param({"has_hints": False}, NoHintsError, id="disabled"),
    ],
)
def test_no_hints_where_there_are_none(
    version: dict[str, Any], error: type[Exception]
) -> None:
    interview = make_interview(**version)

    with pytest.raises(error):
        take(interview)
    assert describe_ladder(interview) is None


def test_no_hint_after_the_end(interview: Interview) -> None:
    Interview.objects.filter(pk=interview.pk).update(state=InterviewState.COMPLETED)

    with pytest.raises(InterviewError):
        take(interview)


def test_ladder_ends_where_the_assessment_says() -> None:
    interview = make_interview(assistant_limits={"model_hints": 0})
    take(interview)
    take(interview)

    with pytest.raises(NoHintsError, match="no more hints"):
        take(interview)


def test_model_is_not_asked_past_the_limits() -> None:
    interview = make_interview(assistant_limits={"interview_cost_usd": "0"})
    take(interview)
    take(interview)

    with pytest.raises(LimitReachedError):
        take(interview)
    assert HintUse.objects.count() == len(OWN)


def test_hint_whose_process_died_may_be_taken_again(interview: Interview) -> None:
    take(interview)
    take(interview)
    lost = take(interview, "hint-0003")
    assert lost.state == HintState.PENDING
    HintUse.objects.filter(pk=lost.pk).update(created_at=now() - 2 * LOST_AFTER)

    again, is_begun = take_hint(interview.pk, client_id="hint-0003")

    assert is_begun
    assert again.pk == lost.pk
    assert again.number == 3


async def test_model_writes_the_next_hint_and_it_is_paid_for(
    interview: Interview,
) -> None:
    for _own in OWN:
        await sync_to_async(take)(interview)
    async with opened(interview) as socket, opened(interview) as other:
        await socket.receive_json_from(timeout=10)
        await ask_hint(socket)
        section = await receive_hints(socket, lambda section: len(section["taken"]) > 2)
        seen = await receive_hints(other, lambda section: len(section["taken"]) > 2)

    hint = section["taken"][-1]
    assert seen == section
    assert (hint["number"], hint["source"]) == (3, HintSource.MODEL)
    assert hint["simulated"]
    assert hint["text"].startswith(SIMULATED)
    assert len(hint["text"]) > len(SIMULATED)
    assert section["model_left"] == 2
    usage = await Usage.objects.aget()
    assert usage.purpose == "hint"
    assert usage.cost_usd is not None
    stored = await HintUse.objects.select_related("prompt_version__prompt").aget(
        number=3
    )
    assert stored.usage_id == usage.pk
    assert stored.prompt_version is not None
    assert stored.prompt_version.prompt.purpose == "hint"
    call = await ModelCall.objects.aget()
    assert (call.purpose, call.usage_id) == ("hint", usage.pk)
    assert (await sync_to_async(taken_events)(interview))[-1]["text"] == hint["text"]
    await acheck_sums()


async def test_what_was_taken_is_there_after_a_reload(interview: Interview) -> None:
    await sync_to_async(take)(interview)

    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)

    section = hello["hints"]["sections"][0]
    assert [hint["text"] for hint in section["taken"]] == OWN[:1]
    assert (section["own_left"], section["model_left"]) == (1, 3)
    assert any("does not write the solution" in line for line in hello["policy_text"])


async def test_asker_gets_its_id_back_and_a_refusal_names_it(
    interview: Interview,
) -> None:
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask_hint(socket, "hint-0001")
        frame = await socket.receive_json_from(timeout=10)
        assert (frame["type"], frame["id"]) == ("hints.changed", "hint-0001")
        await Interview.objects.filter(pk=interview.pk).aupdate(
            state=InterviewState.COMPLETED
        )
        await ask_hint(socket, "hint-0002")
        refused = await socket.receive_json_from(timeout=10)

    assert (refused["type"], refused["id"]) == ("error", "hint-0002")


async def test_watcher_sees_hints_and_takes_none(interview: Interview) -> None:
    member = await sync_to_async(MembershipFactory.create)(
        organisation=interview.organisation, role="owner"
    )
    async with opened(interview, user=member.user) as watcher:
        await watcher.receive_json_from(timeout=10)
        await ask_hint(watcher)
        await watcher.send_json_to({"type": "ping", "t": 1})
        assert (await watcher.receive_json_from(timeout=10))["type"] == "pong"
        async with opened(interview) as socket:
            await socket.receive_json_from(timeout=10)
            await ask_hint(socket)
            section = await receive_hints(watcher, lambda _section: True)

    assert [hint["text"] for hint in section["taken"]] == OWN[:1]
    assert await HintUse.objects.acount() == 1


async def test_stranger_reaches_no_hints(interview: Interview) -> None:
    stranger = await sync_to_async(MembershipFactory.create)(role="owner")
    socket = await make_socket(interview, user=stranger.user)

    connected, _code = await socket.connect(timeout=10)

    assert not connected
    assert not await HintUse.objects.aexists()


async def test_provider_that_is_down_costs_no_own_hint(
    interview: Interview, simulator: Running
) -> None:
    fault = {"fault": "400"}
    simulator.app.faults.order(FaultOrder.model_validate({"next": [fault] * 9}))
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        for count in (1, 2):
            await ask_hint(socket)
            await receive_hints(socket, lambda s, n=count: len(s["taken"]) == n)  # type: ignore[misc]
        failed_id = await ask_hint(socket)
        section = await receive_hints(socket, lambda section: bool(section["problem"]))
        assert (len(section["taken"]), section["model_left"]) == (2, 3)

        simulator.app.faults.clear()
        await ask_hint(socket, failed_id)
        section = await receive_hints(socket, lambda s: len(s["taken"]) > 2)

    assert section["problem"] == ""
    assert await HintUse.objects.acount() == 3
    await acheck_sums()


def test_hints_are_in_the_record_and_at_the_review_desk(interview: Interview) -> None:
    take(interview)

    part = build_hint_record(interview)
    (line,) = [
        line
        for line in list_events(interview, with_chat=False)
        if line.kind == "hint.taken"
    ]

    assert [entry.text for entry in part.entries] == OWN[:1]
    assert [hint["section"] for hint in part.data] == [0]  # type: ignore[union-attr, call-overload, index]
    assert line.title == "Took hint 1 of problem 1"
    assert OWN[0] not in line.detail
    assert [hint.text for hint in list_hints(interview)] == OWN[:1]


async def test_hint_cut_off_by_a_shutdown_is_paid_for_and_may_be_taken_again(
    interview: Interview, simulator: Running
) -> None:
    for _own in OWN:
        await sync_to_async(take)(interview)
    stall = {"fault": "stall", "seconds": 20, "after": 2}
    simulator.app.faults.order(FaultOrder.model_validate({"next": [stall]}))
    frame = HintTake(type="hint.take", id="hint-0003")
    hint = await take_rung(interview.pk, frame)
    (task,) = [
        task for task in asyncio.all_tasks() if task.get_name() == f"hint-{hint.pk}"
    ]
    async with asyncio.timeout(15):
        while not simulator.app.log:  # noqa: ASYNC110 -- another thread hears it
            await asyncio.sleep(0.01)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    stored = await HintUse.objects.aget(pk=hint.pk)
    assert (stored.state, stored.error_code) == (HintState.FAILED, "interrupted")
    await acheck_sums()
    again, is_begun = await sync_to_async(take_hint)(
        interview.pk, client_id="hint-0003"
    )
    assert is_begun
    assert again.pk == hint.pk
