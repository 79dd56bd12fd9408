"""A candidate with a browser, an interview in any state, and a stranger."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from interviews.access import grant_candidate
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.factories.interviews import InterviewFactory

MakeInterview = Callable[..., Interview]


@pytest.fixture(autouse=True)
def _no_runner(settings: object, tmp_path: Path) -> None:
    """Nobody listens where the runner would."""
    settings.RUNNER_SOCKET = str(tmp_path / "runner.sock")  # type: ignore[attr-defined]


@pytest.fixture
def make_interview(db: None) -> MakeInterview:
    """Make an interview; keywords go to the factory."""

    def make(state: str = InterviewState.INVITED, **fields: object) -> Interview:
        return InterviewFactory.create(state=state, **fields)

    return make


@pytest.fixture
def interview(make_interview: MakeInterview) -> Interview:
    """An interview nobody has begun."""
    return make_interview()


def let_in(client: Client, interview: Interview) -> Client:
    """Give the client the candidate's cookie."""
    response = HttpResponse()
    grant_candidate(response, interview, is_secure=False)
    client.cookies.update(response.cookies)
    return client


@pytest.fixture
def stranger(make_interview: MakeInterview) -> Client:
    """A candidate of another interview."""
    return let_in(Client(), make_interview(InterviewState.ACTIVE))
