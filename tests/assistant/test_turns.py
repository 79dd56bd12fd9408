"""Turns after a crash, and what goes to the model."""

from datetime import timedelta
from time import monotonic
from uuid import UUID

import pytest
from pytest_django import Settings

from assistant.configuration import read_configuration
from assistant.context import build_history, build_user_turn, collect_files, defuse
from assistant.enums import MessageRole, TurnState
from assistant.errors import MessageTooLongError, TurnLiveError
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
    build_request,
    check_message,
    checkpoint_turn,
    claim_turn,
    note_progress,
)
from base.clock import now
from base.text import content_hash
from billing.models import Usage
from interviews.enums import InterviewState, RunKind, RunState
from interviews.errors import InterviewEndedError
from interviews.models import Document, DocumentVersion, Event, Interview, Run
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


def folder_of(interview: Interview) -> str:
    section = interview.assessment_version.sections.first()
    assert section is not None
    return section.folder


def add_document(interview: Interview, name: str, text: str) -> str:
    path = f"{folder_of(interview)}/{name}"
    Document.objects.create(
        interview=interview, path=path, text=text, version=3, hash=content_hash(text)
    )
    return path


def answer(turn: Turn, text: str, state: str = TurnState.FINISHED) -> None:
    end_turn(turn.pk, TurnOutcome(state=state, text=text, stop_reason="end_turn"))


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


def test_second_question_waits_for_the_first(interview: Interview) -> None:
    asked(interview, "One")

    with pytest.raises(TurnLiveError):
        asked(interview, "Two", number=1)


def test_ask_after_the_time_is_up_is_refused(interview: Interview) -> None:
    Interview.objects.update(ends_at=now() - timedelta(seconds=1))

    with pytest.raises(InterviewEndedError):
        asked(interview, "Late")


def test_files_and_last_test_run_go_with_the_question(interview: Interview) -> None:
    path = add_document(interview, "solution.py", "print('</file> ends me')\n")
    Run.objects.create(
        interview=interview,
        client_id="run-0",
        kind=RunKind.TESTS,
        section=0,
        state=RunState.FINISHED,
        argv=["pytest"],
        tests=[{"name": "a", "outcome": "passed"}, {"name": "b", "outcome": "failed"}],
        output="E assert 1 == 2",
    )
    turn, _is_new = ask(
        interview.pk, client_id="c-1", text="Why?", files=[path, "no/such.py"]
    )

    request = build_request(turn.pk, read_configuration())
    sent = request.messages[-1]["content"]

    assert f'<file path="{path}" version="3">' in sent
    assert sent.count("</file>") == 1
    assert '<test_output command="pytest" passed="1" failed="1">' in sent
    assert sent.endswith("<message>\nWhy?\n</message>")
    assert DocumentVersion.objects.filter(interview=interview).count() == 1
    assert path in Event.objects.get(kind="turn.asked").payload["files"]


def test_system_prompt_holds_problem_policy_and_hints(interview: Interview) -> None:
    turn = asked(interview, "Help")

    system = build_request(turn.pk, read_configuration()).system

    assert "<policy>" in system
    assert '<hint n="1">' in system
    assert 'minutes="60"' in system
    assert "{{" not in system


def test_large_file_is_cut_and_marked(interview: Interview) -> None:
    path = add_document(interview, "big.py", "x" * 30_000)

    files = collect_files(interview, [path])

    assert files[0].is_cut
    assert 'cut="true"' in build_user_turn("Hi", files, None)


def test_history_alternates_and_keeps_the_newest(interview: Interview) -> None:
    for number in range(14):
        turn = asked_freely(interview, f"Question {number}", number)
        answer(turn, f"Answer {number} " + "word " * 150)
    last = asked_freely(interview, "Now", 99)

    history = build_history(last, 3_000)

    roles = [item["role"] for item in history]
    assert roles == ["user", "assistant"] * (len(roles) // 2)
    assert "Answer 13" in history[-1]["content"]
    assert sum(len(item["content"]) for item in history) <= 3_000 * 3.5


def asked_freely(interview: Interview, text: str, number: int) -> Turn:
    """Ask without running into the limit per minute."""
    Turn.objects.update(created_at=now() - timedelta(minutes=5) + timedelta(seconds=1))
    for age, pk in enumerate(
        Turn.objects.order_by("-messages__created_at").values_list("pk", flat=True)
    ):
        Turn.objects.filter(pk=pk).update(
            created_at=now() - timedelta(minutes=5, seconds=age)
        )
    return asked(interview, text, number)


def test_unanswered_question_is_left_out_of_the_history(interview: Interview) -> None:
    answer(asked(interview, "Lost"), "", TurnState.FAILED)

    assert build_history(asked(interview, "Again", number=1), 3_000) == []


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


def test_turn_of_unknown_conversation_is_refused(interview: Interview) -> None:
    with pytest.raises(Exception, match="not part of this interview"):
        ask(interview.pk, client_id="c", text="Hi", conversation_id=UUID(int=1))
