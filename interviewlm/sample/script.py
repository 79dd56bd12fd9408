"""What the script of the finished sample interview looks like once read."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from interviewlm.sample.schema import Content, Email, Slug, Text
from interviews.enums import Dimension

SIMULATED_ANSWER = "*Simulated answer:"
SIMULATED_SCORE = "Simulated:"
Seconds = Annotated[int, Field(ge=0)]
Percent = Annotated[int, Field(ge=0, le=100)]


class OpenSection(Content):
    kind: Literal["section"]
    at: Seconds
    section: Slug


class Edit(Content):
    """The whole text of a file from this moment on; the path begins with its section."""

    kind: Literal["edit"]
    at: Seconds
    path: Text
    text: str

    @property
    def evidence(self) -> str:
        return self.text


class TestResult(Content):
    __test__ = False

    name: Text
    outcome: Literal["passed", "failed"]
    message: str = ""


class Run(Content):
    """The visible tests of a section, with what they said when they were recorded."""

    kind: Literal["run"]
    at: Seconds
    section: Slug
    duration_ms: Annotated[int, Field(ge=1)]
    exit_code: int
    output: Text
    tests: Annotated[tuple[TestResult, ...], Field(min_length=1)]

    @property
    def evidence(self) -> str:
        return self.output

    @model_validator(mode="after")
    def check_exit_code(self) -> Self:
        has_failed = any(test.outcome == "failed" for test in self.tests)
        if has_failed != (self.exit_code != 0):
            raise ValueError("exit_code does not agree with the tests")
        return self


class Ask(Content):
    """The candidate writes to the assistant, with files of the workspace."""

    kind: Literal["ask"]
    at: Seconds
    text: Text
    files: tuple[Text, ...] = ()

    @property
    def evidence(self) -> str:
        return self.text


class Answer(Content):
    kind: Literal["answer"]
    at: Seconds
    text: Text

    @property
    def evidence(self) -> str:
        return self.text

    @model_validator(mode="after")
    def check_notice(self) -> Self:
        if not self.text.startswith(SIMULATED_ANSWER):
            raise ValueError("an answer must begin by saying that it is simulated")
        return self


class Finish(Content):
    kind: Literal["finish"]
    at: Seconds


Step = Annotated[
    OpenSection | Edit | Run | Ask | Answer | Finish, Field(discriminator="kind")
]


class HiddenResult(Content):
    """How one hidden case went against the last state of the files."""

    section: Slug
    case: Text
    is_passed: bool


class Evidence(Content):
    """Words that stand verbatim in the step of this kind at this second."""

    kind: Literal["edit", "run", "ask", "answer"]
    at: Seconds
    quote: Text


class Verdict(Content):
    dimension: Dimension
    score: Percent | None = None
    certainty: Percent
    reason: Text
    evidence: tuple[Evidence, ...] = ()

    @model_validator(mode="after")
    def check_claim(self) -> Self:
        if not self.reason.startswith(SIMULATED_SCORE):
            raise ValueError("a reason must begin by saying that it is simulated")
        if self.score is not None and not self.evidence:
            raise ValueError(f"{self.dimension} has a score and no evidence")
        return self


class ScorecardDraft(Content):
    is_simulated: Literal[True]
    model: Text
    summary: Text
    verdicts: tuple[Verdict, ...]

    @model_validator(mode="after")
    def check_dimensions(self) -> Self:
        given = [verdict.dimension for verdict in self.verdicts]
        if sorted(given) != sorted(Dimension):
            raise ValueError("a scorecard needs each dimension exactly once")
        if not self.summary.startswith(SIMULATED_SCORE):
            raise ValueError("the summary must begin by saying that it is simulated")
        return self


class FinishedInterview(Content):
    """A script: steps in order of time, hidden results, a scorecard draft."""

    assessment: Slug
    candidate: Email
    days_ago: Annotated[int, Field(ge=1, le=60)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    hidden: tuple[HiddenResult, ...]
    scorecard: ScorecardDraft

    @property
    def duration_seconds(self) -> int:
        return self.steps[-1].at

    @model_validator(mode="after")
    def check_steps(self) -> Self:
        times = [step.at for step in self.steps]
        if times != sorted(times):
            raise ValueError("steps must stand in the order of time")
        if [step for step in self.steps if isinstance(step, Finish)] != [
            self.steps[-1]
        ]:
            raise ValueError("exactly the last step must be finish")
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            if isinstance(before, Ask) != isinstance(after, Answer):
                raise ValueError(f"second {before.at}: every ask needs its answer")
        for item in self._evidence():
            self._check_quote(item)
        return self

    def _evidence(self) -> Iterator[Evidence]:
        for verdict in self.scorecard.verdicts:
            yield from verdict.evidence

    def _check_quote(self, item: Evidence) -> None:
        quoted = [
            step.evidence
            for step in self.steps
            if isinstance(step, Edit | Run | Ask | Answer)
            and (step.kind, step.at) == (item.kind, item.at)
        ]
        if not any(item.quote in text for text in quoted):
            raise ValueError(
                f"second {item.at}: not in the {item.kind}: {item.quote!r}"
            )
