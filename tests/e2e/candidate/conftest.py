"""A candidate who is about to check the devices."""

import pytest

from interviews.enums import InterviewState
from interviews.models import Interview
from tests.e2e.conftest import LiveSite
from tests.factories.interviews import InterviewFactory


@pytest.fixture
def interview(site: LiveSite) -> Interview:
    """An interview whose candidate has agreed and is about to check the devices."""
    return InterviewFactory.create(state=InterviewState.PREPARING)
