"""The Chat tab: what the assistant looked up and ran, what was kept back, hints."""

from typing import Any

import pytest
from django.test import Client

from assistant.enums import MessageRole, ToolCallState
from assistant.events import HintTaken, PolicyWithheld
from assistant.models import ToolCall, Turn
from assistant.services.tool_calls import end_call
from interviewlm.review.chat import SHOWN_CHARS, ChatLine, read_chat, read_hints
from interviews.enums import Origin
from interviews.models import Interview
from interviews.timeline.log import append_event
from tests.assistant.proposing import begin_turn
from tests.factories.assistant import MessageFactory
from tests.interviewlm.review.conftest import IMG, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def turn(interview: Interview) -> Turn:
    return begin_turn(interview, "finished")


def call(turn: Turn, number: int = 0, **known: Any) -> ToolCall:
    named = {"name": "read_file", "input": {"path": "solution.py"}, **known}
    return ToolCall.objects.create(
        turn=turn, step=0, number=number, call_id=f"toolu_{number}", **named
    )


def say(turn: Turn, text: str) -> None:
    MessageFactory.create(turn=turn, role=MessageRole.ASSISTANT, text=text)


def read_answer(interview: Interview) -> ChatLine:
    (line,) = (line for line in read_chat(interview) if line.is_answer)
    return line


def test_tools_stand_where_the_answer_used_them(
    recruiter: Client, interview: Interview, turn: Turn
) -> None:
    text = "I 🔎 look.\n\nIt adds."
    offset = len("I 🔎 look.") + 1
    end_call(call(turn, offset=offset).pk, text=f"1 {IMG}", is_error=False)
    call(turn, 1, name="run_tests", state=ToolCallState.STOPPED, offset=offset)
    say(turn, text)
    shown = [
        part.tool.title if part.tool else part.html
        for part in read_answer(interview).parts
    ]
    assert shown == [
        "<p>I 🔎 look.</p>\n",
        "Read solution.py",
        "Ran the tests",
        "<p>It adds.</p>\n",
    ]
    page = recruiter.get(url(interview)).content.decode()
    assert "1 &lt;img src=x" in page
    assert IMG not in page
    assert '<span class="muted">Stopped</span>' in page


def test_long_output_of_a_tool_is_cut_in_its_middle(
    interview: Interview, turn: Turn
) -> None:
    given = f"begin{'x' * 2 * SHOWN_CHARS}end"
    end_call(call(turn).pk, text=given, is_error=True, detail="exit code 1")
    say(turn, "")
    (part,) = read_answer(interview).parts
    assert part.tool is not None
    assert len(part.tool.output) < SHOWN_CHARS + 100
    assert (part.tool.output[:5], part.tool.output[-3:]) == ("begin", "end")
    assert (part.tool.call.get_state_display(), part.tool.tone) == ("Failed", "danger")


def withhold(interview: Interview, turn: Turn | None, lines: int) -> None:
    told = {"turn": str(turn.pk) if turn else None, "policy": "hints", "blocks": 1}
    kept = PolicyWithheld(**told, chars=10 * lines, lines=lines)
    append_event(interview, kept, origin=Origin.SYSTEM)


def test_what_the_policy_kept_back_is_said_where_it_was(
    recruiter: Client, interview: Interview, turn: Turn
) -> None:
    say(turn, "Begin with the loop.")
    hints = []
    for number in (1, 2):
        taken: dict[str, Any] = {"section": 0, "number": number, "text": "Look."}
        hint = interview.hints.create(
            **taken, source="model", state="taken", client_id=f"hint-000{number}"
        )
        event = HintTaken(hint=str(hint.pk), source="model", ms=65_000, **taken)
        append_event(interview, event, origin=Origin.CANDIDATE)
        hints.append(hint)
    withhold(interview, None, 3)
    withhold(interview, turn, 1)
    withhold(interview, turn, 6)
    page = recruiter.get(url(interview)).content.decode()
    assert "The policy kept 7 lines of code back (70 characters)." in page
    assert "The policy kept 3 lines of code back (30 characters)." in page
    lines = read_hints(interview)
    assert [line.hint for line in lines if line.withheld] == hints[1:]
    assert [line.since for line in lines] == ["1:05", "1:05"]
