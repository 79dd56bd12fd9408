"""Turns after a crash, and what is asked."""

from datetime import timedelta
from time import monotonic

import pytest
from pytest_django import Settings

from assistant.configuration import read_configuration
from assistant.context.texts import defuse
from assistant.enums import MessageRole, TurnState
from assistant.errors import MessageTooLongError
from assistant.models import Message, Turn
from assistant.services.endings import TurnOutcome, end_turn, interrupt_dead_turns
from assistant.services.metering import reserve_turn
from assistant.services.prompts import (
    active_prompt,
    fill_prompt,
    import_shipped_prompts,
)
from assistant.services.turns import (
    ask,
    check_message,
    checkpoint_turn,
    claim_turn,
    note_progress,
)
from base.clock import now
from billing.models import Usage
from interviews.enums import InterviewState
from interviews.errors import InterviewEndedError
from interviews.models import Event, Interview
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db

OWNER = "web-1"


@pytest.fixture(autouse=True)
def _configured(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def asked(interview: Interview, text: str, number: int = 0) -> Turn:
    turn, _is_new = ask(interview.pk, client_id=f"client-{number}", text=text)
    return turn


def test_killed_owner_leaves_partial_answer_and_its_tokens(
    interview: Interview,
) -> None:
    turn = asked(interview, "Help")
    assert claim_turn(turn.pk, owner=OWNER)
    reserve_turn(turn.pk, read_configuration(), input_tokens=999, output_tokens=999)
    note_progress(
        turn.pk,
        model="claude-sonnet-5-5",
        request_id="req_1",
        is_simulated=True,
        usage={"input_tokens": 900, "output_tokens": 1},
    )
    text = "First words of the answer. " * 10
    checkpoint_turn(turn.pk, owner=OWNER, offset=0, text=text, marks=[])
    Turn.objects.update(heartbeat_at=now() - timedelta(minutes=1))

    assert interrupt_dead_turns() == 1
    assert interrupt_dead_turns() == 0

    turn.refresh_from_db()
    message = Message.objects.get(role=MessageRole.ASSISTANT)
    assert turn.state == TurnState.INTERRUPTED
    assert message.text == text
    usage = Usage.objects.get()
    assert usage.input_tokens == 900
    assert usage.output_tokens > 50
    assert usage.is_estimated
    assert usage.raw == {"input_tokens": 900, "output_tokens": 1}


def test_living_owner_is_left_alone(interview: Interview) -> None:
    turn = asked(interview, "Help")
    claim_turn(turn.pk, owner=OWNER)

    assert interrupt_dead_turns() == 0


def test_late_owner_can_not_write_after_the_sweep(interview: Interview) -> None:
    turn = asked(interview, "Help")
    claim_turn(turn.pk, owner=OWNER)
    Turn.objects.update(heartbeat_at=now() - timedelta(minutes=1))
    interrupt_dead_turns()

    assert not checkpoint_turn(turn.pk, owner=OWNER, offset=0, text="late", marks=[])
    assert end_turn(turn.pk, TurnOutcome(state="finished", text="late")) is None
    assert not Event.objects.filter(kind="turn.text").exists()


def test_turn_is_claimed_once(interview: Interview) -> None:
    turn = asked(interview, "Help")

    assert claim_turn(turn.pk, owner=OWNER)
    assert not claim_turn(turn.pk, owner="web-2")


def test_ask_after_the_time_is_up_is_refused(interview: Interview) -> None:
    Interview.objects.update(ends_at=now() - timedelta(seconds=1))

    with pytest.raises(InterviewEndedError):
        asked(interview, "Late")


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [
        ("a" * 10_000, False),
        ("a" * 10_001, True),
        ("```\n" + "a" * 40_000 + "\n```", False),
        ("```\n" + "a" * 50_001 + "\n```", True),
        ("~~~py\n" + "b" * 20_000 + "\n~~~\nwhy?", False),
        ("````\n```\n" + "c" * 20_000 + "\n````", False),
        ("```\n" + "d" * 20_000 + "\n``` not yet", True),
    ],
    ids=[
        "prose at limit",
        "prose over",
        "code under",
        "code over",
        "tildes",
        "fence in a fence",
        "fence never closed",
    ],
)
def test_message_limits(text: str, *, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(MessageTooLongError):
            check_message(text)
    else:
        check_message(text)


def test_message_of_nothing_but_fences_is_judged_at_once() -> None:
    began = monotonic()

    with pytest.raises(MessageTooLongError):
        check_message("```a\n" * 150_000)

    assert monotonic() - began < 3


def test_defuse_leaves_ordinary_code_alone() -> None:
    code = "if a < b and c > d and size < file.limit: print('<div>')"

    assert defuse(code) == code


def test_values_are_never_filled_again() -> None:
    assert fill_prompt("{{ a }}", {"a": "{{ b }}", "b": "no"}) == "{{ b }}"


def test_shipped_prompts_are_active_and_an_operators_choice_stays(db: None) -> None:
    import_shipped_prompts()
    prompt = active_prompt("chat").prompt
    own = prompt.versions.create(number=77, text="own")
    prompt.active = own
    prompt.save()

    import_shipped_prompts()

    assert active_prompt("chat") == own
