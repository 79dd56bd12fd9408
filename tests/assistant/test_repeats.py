"""The same question twice within a moment is one question."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pytest_django import Settings

from assistant.enums import TurnState
from assistant.models import Turn
from assistant.services.prompts import import_shipped_prompts
from assistant.services.turns import ask
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.factories.interviews import DocumentFactory, InterviewFactory

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def interview(settings: Settings) -> Interview:
    settings.ASSISTANT_PROVIDER = "simulator"
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def asked(interview: Interview, number: int, text: str = "Help") -> tuple[Turn, bool]:
    return ask(interview.pk, client_id=f"client-{number}", text=text)


@pytest.mark.parametrize(
    ("seconds", "text", "state", "is_same"),
    [
        (4, "Help", TurnState.RUNNING, True),
        (4, "Help", TurnState.FINISHED, True),
        (4, "Help me", TurnState.FINISHED, False),
        (6, "Help", TurnState.FINISHED, False),
        (1, "Help", TurnState.FAILED, False),
        (1, "Help", TurnState.STOPPED, False),
    ],
    ids=["live", "answered", "other words", "later", "failed", "stopped"],
)
def test_same_question_is_asked_once(
    interview: Interview, seconds: int, text: str, state: TurnState, *, is_same: bool
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        first, _is_new = asked(interview, 1)
        Turn.objects.filter(pk=first.pk).update(state=state)
        clock.shift(timedelta(seconds=seconds))
        second, is_new = asked(interview, 2, text)

    assert (second == first) is is_same
    assert is_new is not is_same


def test_other_files_make_another_question(interview: Interview) -> None:
    first, _is_new = asked(interview, 1)
    Turn.objects.filter(pk=first.pk).update(state=TurnState.FINISHED)
    Turn.objects.get().messages.update(
        context={"files": [{"path": "a.py", "hash": "0"}]}
    )

    second, is_new = asked(interview, 2)

    assert is_new
    assert second != first


def test_same_words_over_a_changed_file_are_another_question(
    interview: Interview,
) -> None:
    document = DocumentFactory.create(interview=interview, path="a.py", text="x = 1")
    first, _is_new = over(interview, 1, "a.py")
    Turn.objects.filter(pk=first.pk).update(state=TurnState.FINISHED)

    again, is_new = over(interview, 2, "a.py")
    assert (again, is_new) == (first, False)

    document.text = "x = 2"
    document.save()
    changed, is_new = over(interview, 3, "a.py")
    assert is_new
    assert changed != first


def over(interview: Interview, number: int, *files: str) -> tuple[Turn, bool]:
    return ask(interview.pk, client_id=f"client-{number}", text="Help", files=files)
