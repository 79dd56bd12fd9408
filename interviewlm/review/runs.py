"""Runs as the desk shows them: results per test and output, the hidden ones included."""

import shlex
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from interviews.enums import RunKind
from interviews.models import Interview, Run
from interviews.selectors.review import event_time, format_clock
from interviews.selectors.sections import list_folders

SHOWN_CHARS = 6_000
_OUTCOME_TONES = {"passed": "good", "failed": "danger", "error": "danger"}


class TestLine(BaseModel):
    """One test's result; name and message are the candidate's making."""

    __test__ = False
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = ""
    outcome: str = ""
    duration_ms: int | None = None
    message: str = ""

    @property
    def tone(self) -> str:
        """The mark beside the outcome."""
        return _OUTCOME_TONES.get(self.outcome, "")


_tests: TypeAdapter[list[TestLine]] = TypeAdapter(list[TestLine])


@dataclass(frozen=True)
class RunLine:
    """One run."""

    run: Run
    folder: str
    t_ms: int | None
    time: str
    seq: int
    command: str
    tests: list[TestLine]
    output: str
    is_cut: bool

    @property
    def is_hidden(self) -> bool:
        """Whether the candidate never saw it."""
        return self.run.kind == RunKind.HIDDEN

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return sum(test.outcome == "passed" for test in self.tests)

    @property
    def tone(self) -> str:
        """The mark of the whole run."""
        if self.tests:
            return "good" if self.passed == len(self.tests) else "danger"
        return "good" if self.run.exit_code == 0 else "warning"


def list_runs(interview: Interview, *, with_hidden: bool) -> list[RunLine]:
    """Return the runs, newest first."""
    folders = list_folders(interview)
    ended = dict(
        interview.events.filter(kind="run.finished").values_list("payload__run", "seq")
    )
    runs = interview.runs.order_by("-created_at")
    if not with_hidden:
        runs = runs.exclude(kind=RunKind.HIDDEN)
    return [_line(interview, run, folders, ended) for run in runs]


def _line(
    interview: Interview, run: Run, folders: list[str], ended: dict[str, int]
) -> RunLine:
    t_ms = event_time(interview, None, run.created_at)
    output = run.output
    return RunLine(
        run=run,
        folder=folders[run.section] if run.section < len(folders) else "",
        t_ms=t_ms,
        time=format_clock(t_ms),
        seq=ended.get(str(run.pk), 0),
        command=shlex.join(str(word) for word in run.argv),
        tests=_read_tests(run),
        output=output[-SHOWN_CHARS:],
        is_cut=len(output) > SHOWN_CHARS,
    )


def _read_tests(run: Run) -> list[TestLine]:
    try:
        return _tests.validate_python(run.tests or [])
    except ValidationError:
        return []


def find_run(interview: Interview, run_id: UUID, *, with_hidden: bool) -> Run | None:
    """Return a run of this interview."""
    runs = interview.runs.filter(pk=run_id)
    return (runs if with_hidden else runs.exclude(kind=RunKind.HIDDEN)).first()
