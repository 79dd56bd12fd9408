"""What the sample's problems and organisation look like once read and checked."""

from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from accounts.enums import Role
from interviews.enums import Difficulty, Dimension, Policy
from interviews.languages import LanguageName, TestFormat

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Email = Annotated[str, StringConstraints(pattern=r"^[a-z.]+@example\.com$")]
Command = Annotated[tuple[str, ...], Field(min_length=1)]


class Content(BaseModel):
    """Base of everything read from disk: frozen, strict, no unknown fields."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class VisibleTests(Content):
    command: Command
    format: TestFormat


class Call(Content):
    function: Text
    args: tuple[JsonValue, ...] = ()
    kwargs: dict[str, JsonValue] = {}


class CallCase(Content):
    name: Text
    call: Call
    expected: JsonValue


class StdinCase(Content):
    name: Text
    stdin: str
    expected_stdout: str


class HiddenCalls(Content):
    """Cases that call a function of one module through the driver."""

    kind: Literal["call"]
    module: Text
    language: LanguageName
    seconds_per_case: Annotated[int, Field(ge=1, le=30)]
    cases: tuple[CallCase, ...]


class HiddenStdin(Content):
    """Cases that start a program and compare what it prints."""

    kind: Literal["stdin"]
    command: Command
    language: LanguageName
    seconds_per_case: Annotated[int, Field(ge=1, le=30)]
    cases: tuple[StdinCase, ...]


class Problem(Content):
    """One problem; `files` and `reference` map paths in its folder to text."""

    slug: Slug
    title: Annotated[Text, Field(max_length=120)]
    summary: Annotated[Text, Field(max_length=300)]
    difficulty: Difficulty
    time_limit_minutes: Annotated[int, Field(ge=5, le=120)]
    language: LanguageName
    tags: Annotated[tuple[Text, ...], Field(min_length=1)]
    entry: Text
    run_file: Command
    discussion: Annotated[tuple[Text, ...], Field(min_length=3, max_length=3)]
    tests: VisibleTests
    hidden: Annotated[HiddenCalls | HiddenStdin, Field(discriminator="kind")]
    statement: Text
    hints: Annotated[tuple[Text, ...], Field(min_length=3, max_length=5)]
    files: Annotated[dict[str, str], Field(min_length=1)]
    reference: Annotated[dict[str, str], Field(min_length=1)]

    @model_validator(mode="after")
    def check_files(self) -> Self:
        needed = [self.entry]
        if isinstance(self.hidden, HiddenCalls):
            needed.append(self.hidden.module)
        for path in needed:
            if path not in self.files:
                raise ValueError(f"{path} is not among the starter files")
        if not any(path.startswith("tests/") for path in self.files):
            raise ValueError("the starter has no tests/")
        _require_unique("hidden case", [case.name for case in self.hidden.cases])
        return self


class Person(Content):
    name: Text
    email: Email
    role: Role


class RubricItem(Content):
    dimension: Dimension
    title: Annotated[Text, Field(max_length=120)]
    good: Text
    poor: Text
    weight: Annotated[int, Field(ge=1, le=10)]


class Rubric(Content):
    slug: Slug
    title: Annotated[Text, Field(max_length=120)]
    items: tuple[RubricItem, ...]

    @model_validator(mode="after")
    def check_dimensions(self) -> Self:
        missing = set(Dimension) - {item.dimension for item in self.items}
        if missing:
            raise ValueError(f"no rubric item for {', '.join(sorted(missing))}")
        return self


class Job(Content):
    slug: Slug
    title: Annotated[Text, Field(max_length=120)]
    description: Text


class Assessment(Content):
    slug: Slug
    job: Slug
    title: Annotated[Text, Field(max_length=120)]
    description: Text
    duration_minutes: Annotated[int, Field(ge=5, le=480)]
    policy: Policy
    is_search_allowed: bool
    allowed_notes: Text
    is_recorded: bool
    retention_days: Annotated[int, Field(ge=1, le=3650)]
    language: Literal["en"]
    sections: Annotated[tuple[Slug, ...], Field(min_length=1)]


class Candidate(Content):
    """Somebody to show in the lists, and the assessment they are asked to take."""

    name: Text
    email: Email
    assessment: Slug
    note: Text


class Organisation(Content):
    name: Text
    slug: Slug
    about: Text
    people: tuple[Person, ...]
    rubric: Rubric
    jobs: tuple[Job, ...]
    assessments: Annotated[tuple[Assessment, ...], Field(min_length=1)]
    candidates: tuple[Candidate, ...]

    @model_validator(mode="after")
    def check_references(self) -> Self:
        emails = [person.email for person in self.people]
        emails += [candidate.email for candidate in self.candidates]
        _require_unique("e-mail", emails)
        _require_unique("job", [job.slug for job in self.jobs])
        _require_unique("assessment", [one.slug for one in self.assessments])
        missing = set(Role) - {person.role for person in self.people}
        if missing:
            raise ValueError(f"nobody is {', '.join(sorted(missing))}")
        jobs = {job.slug for job in self.jobs}
        for assessment in self.assessments:
            if assessment.job not in jobs:
                raise ValueError(f"{assessment.slug}: no job {assessment.job}")
        known = {assessment.slug for assessment in self.assessments}
        for candidate in self.candidates:
            if candidate.assessment not in known:
                raise ValueError(f"{candidate.email}: no such assessment")
        return self


def _require_unique(what: str, values: list[str]) -> None:
    repeated = sorted({value for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"{what} given twice: {', '.join(repeated)}")
