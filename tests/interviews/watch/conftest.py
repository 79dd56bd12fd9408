"""An interview under way, and the members who watch it."""

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.factories.interviews import (
    AssessmentVersionFactory,
    InterviewerFactory,
    InterviewFactory,
)
from tests.factories.people import People, make_people
from tests.interviews.workspace.conftest import _clean_sockets, fake_runner, folder

__all__ = ["_clean_sockets", "fake_runner", "folder"]


@pytest.fixture
def people(transactional_db: None) -> People:
    """Two organisations, seen by the sockets' own threads."""
    return make_people()


@pytest.fixture
def interview(people: People) -> Interview:
    """An interview under way in which interviewers may type."""
    version = AssessmentVersionFactory.create(
        organisation=people.organisation, is_interviewer_typing_allowed=True
    )
    made: Interview = InterviewFactory.create(
        organisation=people.organisation,
        invitation__assessment_version=version,
        state=InterviewState.ACTIVE,
    )
    return made


@pytest.fixture
def silent_interview(people: People) -> Interview:
    """An interview under way in which only the candidate types."""
    made: Interview = InterviewFactory.create(
        organisation=people.organisation, state=InterviewState.ACTIVE
    )
    return made


async def ask(interview: Interview, user: User) -> None:
    """Have a member asked to watch."""
    await sync_to_async(InterviewerFactory.create)(interview=interview, user=user)
