"""Problems, assessments, candidates, invitations and interviews."""

# mypy: allow-untyped-calls, allow-untyped-decorators

from datetime import timedelta

from factory.declarations import (
    LazyAttribute,
    LazyFunction,
    SelfAttribute,
    Sequence,
    SubFactory,
)
from factory.django import DjangoModelFactory
from factory.helpers import post_generation

from base.clock import now
from base.text import content_hash
from interviews.enums import (
    Difficulty,
    Dimension,
    InterviewState,
    Origin,
    Policy,
    RunKind,
    TimeEntryKind,
)
from interviews.models import (
    Assessment,
    AssessmentSection,
    AssessmentVersion,
    Candidate,
    Consent,
    Document,
    Event,
    EventCursor,
    Interview,
    Interviewer,
    Invitation,
    ItemVerdict,
    PipelineStep,
    Problem,
    ProblemReport,
    ProblemVersion,
    Review,
    Rubric,
    RubricItem,
    Run,
    Scorecard,
    TimeEntry,
)
from tests.factories.accounts import OrganisationFactory

STARTER = {
    "README.md": "# Ladder\n\nReturn the sum.\n",
    "solution.py": "def add(a, b):\n    return 0\n",
    "tests/test_solution.py": (
        "from solution import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
    ),
}


class ProblemFactory(DjangoModelFactory[Problem]):
    """A problem without a version."""

    class Meta:
        model = Problem

    organisation = SubFactory(OrganisationFactory)
    slug = Sequence(lambda n: f"ladder-{n}")


class ProblemVersionFactory(DjangoModelFactory[ProblemVersion]):
    """A small Python problem with visible and hidden tests."""

    class Meta:
        model = ProblemVersion

    problem = SubFactory(ProblemFactory)
    number = 1
    title = "Ladder"
    summary = "Add two numbers."
    statement = "# Ladder\n\nReturn the sum."
    difficulty = Difficulty.EASY
    language = "python"
    minutes = 20
    entry = "solution.py"
    run_command = ["python3", "solution.py"]
    files = LazyFunction(lambda: dict(STARTER))
    reference = LazyFunction(
        lambda: {"solution.py": "def add(a, b):\n    return a + b\n"}
    )
    tests = LazyFunction(
        lambda: {
            "command": ["python3", "-m", "pytest", "-q", "tests"],
            "format": "pytest",
        }
    )
    hidden = LazyFunction(
        lambda: {
            "kind": "call",
            "module": "solution.py",
            "cases": [
                {
                    "name": "large",
                    "call": {"function": "add", "args": [2, 40], "kwargs": {}},
                    "expected": 42,
                }
            ],
        }
    )
    hints = LazyFunction(lambda: ["Look at the operator.", "Return a + b."])


class RubricFactory(DjangoModelFactory[Rubric]):
    """A rubric with one item for each dimension but the overall one."""

    class Meta:
        model = Rubric
        skip_postgeneration_save = True

    organisation = SubFactory(OrganisationFactory)
    slug = Sequence(lambda n: f"rubric-{n}")
    title = "Engineering"

    @post_generation
    def items(self: Rubric, create: bool, _value: object, **_kwargs: object) -> None:
        """Write the items."""
        dimensions = [d for d in Dimension if d != Dimension.OVERALL] if create else []
        for position, dimension in enumerate(dimensions):
            RubricItem.objects.create(
                rubric=self,
                position=position,
                dimension=dimension,
                title=str(dimension.label),
                good="Clear",
                poor="Unclear",
            )


class AssessmentFactory(DjangoModelFactory[Assessment]):
    """An assessment without a version."""

    class Meta:
        model = Assessment

    organisation = SubFactory(OrganisationFactory)
    slug = Sequence(lambda n: f"backend-{n}")


class AssessmentVersionFactory(DjangoModelFactory[AssessmentVersion]):
    """An assessment of an hour with two sections and a rubric."""

    class Meta:
        model = AssessmentVersion
        skip_postgeneration_save = True

    class Params:
        organisation = SubFactory(OrganisationFactory)

    assessment = SubFactory(
        AssessmentFactory, organisation=SelfAttribute("..organisation")
    )
    rubric = SubFactory(
        RubricFactory, organisation=SelfAttribute("..assessment.organisation")
    )
    number = 1
    title = "Backend engineer"
    duration_minutes = 60
    policy = Policy.PAIR

    @post_generation
    def sections(
        self: AssessmentVersion, create: bool, value: int | None, **_kwargs: object
    ) -> None:
        """Write `sections` (two unless told) problems, one section each."""
        for position in range((2 if value is None else value) if create else 0):
            version = ProblemVersionFactory.create(
                problem__organisation=self.assessment.organisation
            )
            AssessmentSection.objects.create(
                assessment_version=self, position=position, problem_version=version
            )


class CandidateFactory(DjangoModelFactory[Candidate]):
    """A person to invite."""

    class Meta:
        model = Candidate

    organisation = SubFactory(OrganisationFactory)
    name = Sequence(lambda n: f"Candidate {n}")
    email = Sequence(lambda n: f"candidate{n}@example.org")


class InvitationFactory(DjangoModelFactory[Invitation]):
    """An invitation that is open for a fortnight."""

    class Meta:
        model = Invitation

    organisation = SubFactory(OrganisationFactory)
    candidate = SubFactory(
        CandidateFactory, organisation=SelfAttribute("..organisation")
    )
    assessment_version = SubFactory(
        AssessmentVersionFactory, organisation=SelfAttribute("..organisation")
    )
    opens_at = LazyFunction(lambda: now() - timedelta(hours=1))
    expires_at = LazyFunction(lambda: now() + timedelta(days=14))


_STARTED = {
    InterviewState.ACTIVE,
    InterviewState.COMPLETED,
    InterviewState.ABANDONED,
}
_ENDED = {InterviewState.COMPLETED, InterviewState.ABANDONED}


def _started_at(interview: Interview) -> object:
    if interview.state not in _STARTED:
        return None
    return now() - timedelta(minutes=90 if interview.state in _ENDED else 5)


class InterviewFactory(DjangoModelFactory[Interview]):
    """An interview in `state`, with its times, first ledger line and cursor."""

    class Meta:
        model = Interview
        skip_postgeneration_save = True

    organisation = SubFactory(OrganisationFactory)
    invitation = SubFactory(
        InvitationFactory, organisation=SelfAttribute("..organisation")
    )
    assessment_version = SelfAttribute("invitation.assessment_version")
    candidate = SelfAttribute("invitation.candidate")
    state = InterviewState.INVITED
    started_at = LazyAttribute(_started_at)
    ends_at = LazyAttribute(
        lambda o: (
            o.started_at
            and o.started_at + timedelta(minutes=o.assessment_version.duration_minutes)
        )
    )
    ended_at = LazyAttribute(lambda o: o.ends_at if o.state in _ENDED else None)

    @post_generation
    def ground(
        self: Interview, create: bool, _value: object, **_kwargs: object
    ) -> None:
        """Give it its cursor and, once started, the agreed time."""
        if not create:
            return
        EventCursor.objects.create(interview=self)
        if self.started_at:
            TimeEntry.objects.create(
                interview=self,
                kind=TimeEntryKind.START,
                seconds=self.assessment_version.duration_minutes * 60,
                at=self.started_at,
            )


class InterviewerFactory(DjangoModelFactory[Interviewer]):
    """Somebody who was asked to watch."""

    class Meta:
        model = Interviewer

    interview = SubFactory(InterviewFactory)


class DocumentFactory(DjangoModelFactory[Document]):
    """A file of the workspace."""

    class Meta:
        model = Document

    interview = SubFactory(InterviewFactory)
    path = Sequence(lambda n: f"ladder/file{n}.py")
    text = "x = 1\n"
    hash = LazyAttribute(lambda o: content_hash(o.text))
    size = LazyAttribute(lambda o: len(o.text.encode()))


class RunFactory(DjangoModelFactory[Run]):
    """A run that waits for the runner."""

    class Meta:
        model = Run

    interview = SubFactory(InterviewFactory)
    client_id = Sequence(lambda n: f"run-{n}")
    kind = RunKind.TESTS
    section = 0


class PipelineStepFactory(DjangoModelFactory[PipelineStep]):
    """A waiting step."""

    class Meta:
        model = PipelineStep

    interview = SubFactory(InterviewFactory, state=InterviewState.COMPLETED)
    name = "score"
    position = 2


class ProblemReportFactory(DjangoModelFactory[ProblemReport]):
    """A candidate's “something is wrong”."""

    class Meta:
        model = ProblemReport

    interview = SubFactory(InterviewFactory)
    page = "room"
    message = "The editor does not react."


class ConsentFactory(DjangoModelFactory[Consent]):
    """What a candidate agreed to."""

    class Meta:
        model = Consent

    interview = SubFactory(InterviewFactory)
    version = "1"
    text = "I agree."
    language = "en"


class EventFactory(DjangoModelFactory[Event]):
    """The first event of an interview; further ones come from the timeline's log."""

    class Meta:
        model = Event

    interview = SubFactory(InterviewFactory)
    seq = 1
    origin = Origin.CANDIDATE
    kind = "section.opened"
    payload = LazyFunction(lambda: {"section": 0})


class ScorecardFactory(DjangoModelFactory[Scorecard]):
    """A scorecard with a verdict for every dimension."""

    class Meta:
        model = Scorecard
        skip_postgeneration_save = True

    interview = SubFactory(InterviewFactory, state=InterviewState.COMPLETED)
    number = 1
    model = "claude-test"
    prompt_version = "score v1"

    @post_generation
    def verdicts(self: Scorecard, create: bool, _value: object, **_kw: object) -> None:
        """Write the verdicts."""
        for dimension in Dimension if create else []:
            ItemVerdict.objects.create(
                scorecard=self,
                dimension=dimension,
                score=70,
                certainty=80,
                reason="The tests pass.",
            )


class ReviewFactory(DjangoModelFactory[Review]):
    """A person's decision."""

    class Meta:
        model = Review

    interview = SubFactory(InterviewFactory, state=InterviewState.COMPLETED)
    decision = "advance"
    reason = "Convincing."
