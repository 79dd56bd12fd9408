"""Real processes for each test, and an interview under way."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from interviews.enums import InterviewState
from interviews.models import Interview
from tests.e2e.stack import Stack, open_stack
from tests.factories.interviews import (
    AssessmentVersionFactory,
    InterviewFactory,
    InvitationFactory,
)


@pytest.fixture
def stack(
    transactional_db: None, settings: Settings, tmp_path: Path
) -> Iterator[Stack]:
    """Processes on the test's database; the test itself looks at the same files."""
    with open_stack(tmp_path, "tests.e2e.settings") as opened:
        settings.VAR_DIR = opened.demo.var
        settings.MEDIA_ROOT = opened.demo.var / "media"
        yield opened


@pytest.fixture
def interview(stack: Stack) -> Interview:
    """An interview under way with one problem."""
    version = AssessmentVersionFactory.create(sections=1)
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE,
        organisation=version.assessment.organisation,
        invitation=InvitationFactory.create(
            organisation=version.assessment.organisation, assessment_version=version
        ),
    )
    return made
