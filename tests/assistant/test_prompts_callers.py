"""What chat and judge are asked with, and what the rows say about it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from pytest_django import Settings

from assistant.models import PromptAssignment, PromptVersion, ScoreRun, Turn
from assistant.scoring.judge import score_interview
from assistant.services.prompts import choose_prompt
from assistant.services.turns import ask
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.conftest import Running
from tests.assistant.prompts import chat_version, running
from tests.factories.assistant import PromptVersionFactory
from tests.factories.interviews import InterviewFactory

WAIT = 60


@pytest.fixture(autouse=True)
def _simulated(settings: Settings, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url


@pytest.mark.django_db
def test_question_names_the_variant_it_is_answered_with() -> None:
    interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    running(chat_version(), chat_version())

    turn, _is_new = ask(interview.pk, client_id="question", text="Hello there")

    assigned = PromptAssignment.objects.get(interview=interview)
    assert turn.prompt_version == assigned.variant.version


@pytest.mark.django_db(transaction=True)
def test_score_names_the_variant_it_was_judged_with() -> None:
    interview = InterviewFactory.create(state=InterviewState.COMPLETED)
    running(PromptVersionFactory.create(), PromptVersionFactory.create())

    scorecard = score_interview(interview)

    assigned = PromptAssignment.objects.get(interview=interview)
    assert ScoreRun.objects.get().prompt_version == assigned.variant.version
    assert scorecard.prompt_version == str(assigned.variant.version)


def at_once(do: Callable[[], PromptVersion], count: int) -> list[PromptVersion]:
    barrier = Barrier(count)

    def work() -> PromptVersion:
        try:
            barrier.wait(WAIT)
            return do()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(work) for _ in range(count)]
        return [future.result(WAIT) for future in futures]


@pytest.mark.django_db(transaction=True)
def test_whoever_choose_at_once_agree() -> None:
    running(chat_version(), chat_version())
    interviews = [InterviewFactory.create() for _ in range(5)]

    for interview in interviews:
        known = Interview.objects.get(pk=interview.pk)
        chosen = at_once(lambda known=known: choose_prompt("chat", known), 4)  # type: ignore[misc]
        assert len(set(chosen)) == 1
    assert PromptAssignment.objects.count() == len(interviews)
    assert not Turn.objects.exists()
