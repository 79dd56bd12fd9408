"""What a problem, a rubric and an assessment consist of, checked before it is kept."""

from typing import Annotated, Any, Literal, Self

from django.utils.translation import gettext as _
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from interviews.assistant_limits import check_limits
from interviews.enums import Difficulty, Dimension, Policy
from interviews.errors import InterviewError
from interviews.languages import LanguageName, TestFormat, find_driver
from interviews.workspace.paths import check_free, check_path

MAX_FILES = 200
MAX_FILES_BYTES = 1_000_000
_ROOT = "problem"

Text = Annotated[str, StringConstraints(min_length=1)]
Command = Annotated[tuple[Text, ...], Field(min_length=1, max_length=40)]
Seconds = Annotated[int, Field(ge=1, le=30)]


class ContentError(InterviewError):
    """Content of the library that cannot be kept; the message says what to mend."""

    code = "invalid_content"


class Content(BaseModel):
    """Base: frozen, and no field that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Call(Content):
    """A call of one function with JSON arguments."""

    function: Text
    args: tuple[JsonValue, ...] = ()
    kwargs: dict[str, JsonValue] = {}


class CallCase(Content):
    """A call and the JSON value it must return."""

    name: Text
    call: Call
    expected: JsonValue


class StdinCase(Content):
    """What a program reads, and what it must print."""

    name: Text
    stdin: str
    expected_stdout: str


class HiddenCalls(Content):
    """Cases that call functions of one module."""

    kind: Literal["call"]
    module: Text
    language: LanguageName | None = None
    seconds_per_case: Seconds = 5
    cases: Annotated[tuple[CallCase, ...], Field(min_length=1, max_length=200)]


class HiddenStdin(Content):
    """Cases that start a program and compare what it prints."""

    kind: Literal["stdin"]
    command: Command
    language: LanguageName | None = None
    seconds_per_case: Seconds = 5
    cases: Annotated[tuple[StdinCase, ...], Field(min_length=1, max_length=200)]


Hidden = Annotated[HiddenCalls | HiddenStdin, Field(discriminator="kind")]
_hidden: TypeAdapter[HiddenCalls | HiddenStdin] = TypeAdapter(Hidden)


class VisibleTests(Content):
    """The command of “Run tests”, and whose report it writes."""

    command: Command
    format: TestFormat


class ProblemContent(Content):
    """Everything of a problem that a version keeps."""

    title: Annotated[Text, Field(max_length=120)]
    summary: Annotated[str, Field(max_length=300)] = ""
    statement: Text
    difficulty: Difficulty
    language: LanguageName
    minutes: Annotated[int, Field(ge=1, le=480)]
    entry: Text
    run_command: tuple[Text, ...] = ()
    files: Annotated[dict[str, str], Field(min_length=1)]
    reference: dict[str, str] = {}
    tests: VisibleTests | None = None
    hidden: Hidden | None = None
    hints: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def check_entry(self) -> Self:
        """The file opened first, and the module the hidden tests call, must exist."""
        if self.entry not in self.files:
            raise ValueError(
                _("%(path)s is not among the starter files.") % {"path": self.entry}
            )
        if isinstance(self.hidden, HiddenCalls):
            known = {*self.files, *self.reference}
            if self.hidden.module not in known:
                raise ValueError(
                    _("The hidden tests call %(path)s, which is not among the files.")
                    % {"path": self.hidden.module}
                )
        names = [case.name for case in self.hidden.cases] if self.hidden else []
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(
                _("Two hidden cases are named “%(name)s”.") % {"name": twice[0]}
            )
        return self

    @model_validator(mode="after")
    def check_calls(self) -> Self:
        """Hidden tests call functions only where the language has any."""
        if isinstance(self.hidden, HiddenCalls):
            language = self.hidden.language or self.language
            if find_driver(language) is None:
                raise ValueError(
                    _(
                        "Functions of %(language)s cannot be called: hidden tests "
                        "must be of the kind “stdin”."
                    )
                    % {"language": language}
                )
        return self

    def columns(self) -> dict[str, Any]:
        """Return the values of the version's columns."""
        values = self.model_dump(mode="json")
        values["tests"] = values["tests"] or {}
        values["hidden"] = values["hidden"] or {}
        if values["hidden"]:
            values["hidden"]["language"] = values["hidden"]["language"] or self.language
        return values


class RubricLine(Content):
    """One item of a rubric."""

    dimension: Dimension
    title: Annotated[Text, Field(max_length=120)]
    good: Text
    poor: Text
    weight: Annotated[int, Field(ge=1, le=10)] = 1


class AssessmentContent(Content):
    """Everything of an assessment version but its rubric and sections."""

    title: Annotated[Text, Field(max_length=120)]
    description: str = ""
    duration_minutes: Annotated[int, Field(ge=5, le=480)]
    policy: Policy
    assistant_limits: dict[str, int | str] = {}
    has_hints: bool = True
    applies_edits: bool = False
    is_search_allowed: bool = False
    allowed_notes: str = ""
    is_interviewer_typing_allowed: bool = False
    is_recorded: bool = True
    records_screen: bool = False
    notes_presence: bool = False
    shows_cost: bool = False
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 90
    language: Annotated[str, Field(max_length=10)] = "en"

    @field_validator("assistant_limits")
    @classmethod
    def check_assistant_limits(cls, own: dict[str, int | str]) -> dict[str, int | str]:
        """Only known limits, and only lower ones."""
        return check_limits({name: str(value) for name, value in own.items()})

    @model_validator(mode="after")
    def check_records_screen(self) -> Self:
        """The screen is recorded beside the camera, never alone."""
        if self.records_screen and not self.is_recorded:
            raise ValueError(
                _("The screen is recorded only where camera and microphone are.")
            )
        return self

    @model_validator(mode="after")
    def check_applies_edits(self) -> Self:
        """Only an agent writes by itself."""
        if self.applies_edits and self.policy != Policy.AGENT:
            raise ValueError(
                _("Edits are applied at once only where the assistant is an agent.")
            )
        return self


def parse_hidden(text: str) -> HiddenCalls | HiddenStdin | None:
    """Read the hidden tests as written in JSON; empty text means none.

    Raises ContentError naming the place and the fault.
    """
    if not text.strip():
        return None
    try:
        return _hidden.validate_json(text)
    except ValidationError as error:
        raise ContentError(describe_fault(error)) from error


def describe_fault(error: ValidationError) -> str:
    """Return the first faults in words, each with its place."""
    faults = []
    for fault in error.errors(include_url=False, include_input=False)[:3]:
        place = ".".join(str(part) for part in fault["loc"] if part not in _TAGS)
        message = fault["msg"].removeprefix("Value error, ")
        faults.append(f"{place}: {message}" if place else message)
    return " ".join(faults)


_TAGS = {"call", "stdin"}


def check_files(files: dict[str, str]) -> None:
    """Raise ContentError unless these files fit into a section's folder."""
    if len(files) > MAX_FILES:
        raise ContentError(_("At most %(count)d files, please.") % {"count": MAX_FILES})
    size = sum(len(text.encode()) for text in files.values())
    if size > MAX_FILES_BYTES:
        raise ContentError(_("The files are larger than 1 MB together."))
    taken: list[str] = []
    for path in files:
        try:
            full = check_path(f"{_ROOT}/{path}", folders={_ROOT})
            check_free(full, taken=taken)
        except InterviewError as error:
            raise ContentError(f"{path}: {error.message}") from error
        taken.append(full)
