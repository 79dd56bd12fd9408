"""The factories make what they say."""

from typing import Any

import pytest

from interviews.enums import InterviewState
from tests.factories.assistant import MessageFactory, ScoreRunFactory
from tests.factories.billing import ModelPriceFactory, UsageFactory
from tests.factories.interviews import (
    InterviewFactory,
    PipelineStepFactory,
    ReviewFactory,
    RunFactory,
    ScorecardFactory,
)
from tests.factories.people import People
from tests.factories.recordings import AssetFactory, ChunkFactory


@pytest.mark.parametrize("state", list(InterviewState))
def test_interview_state(db: None, people: People, state: InterviewState) -> None:
    interview = InterviewFactory.create(organisation=people.organisation, state=state)
    assert interview.cursor.last_seq == 0
    assert (
        interview.assessment_version.rubric.organisation
        == interview.candidate.organisation
        == interview.invitation.organisation
        == people.organisation
    )
    assert interview.assessment_version.sections.count() == 2


@pytest.mark.parametrize(
    "factory",
    [
        ScorecardFactory,
        RunFactory,
        PipelineStepFactory,
        ReviewFactory,
        AssetFactory,
        ChunkFactory,
        MessageFactory,
        ScoreRunFactory,
        UsageFactory,
        ModelPriceFactory,
    ],
    ids=lambda factory: str(factory.__name__),
)
def test_factory_stores_what_it_makes(db: None, factory: Any) -> None:
    made = factory.create()
    assert type(made).objects.get(pk=made.pk) == made
