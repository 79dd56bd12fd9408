"""The pipeline step that judges the final files by the hidden tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import TypeAdapter

from base.clock import now
from interviews.enums import RunKind, RunState
from interviews.errors import RunningUnavailableError
from interviews.models import Interview, Run
from interviews.pipeline import StepLease, StepLostError, StepSkippedError
from interviews.runner_client import (
    InputFile,
    RunResult,
    RunSpec,
    run_to_end,
    source_file,
)
from interviews.selectors.sections import Section, list_sections
from interviews.services.catalogue_content import Hidden, HiddenCalls, HiddenStdin
from interviews.services.documents import keep_contents
from interviews.services.hidden_cases import (
    Verdict,
    judge_call,
    judge_stdin,
    prepare_call,
    prepare_stdin,
)
from interviews.services.metering import record_sandbox_time
from interviews.services.runs import RunOutcome, end_run

STEP_NAME = "hidden_tests"
_hidden: TypeAdapter[HiddenCalls | HiddenStdin] = TypeAdapter(Hidden)


@dataclass(frozen=True)
class CaseResult:
    """How one case went, and what it took."""

    name: str
    verdict: Verdict
    result: RunResult

    def as_json(self) -> dict[str, Any]:
        """Return the line of the run's results."""
        return {
            "name": self.name,
            "outcome": self.verdict.outcome,
            "duration_ms": self.result.duration_ms,
            "message": self.verdict.message,
        }


def judge_interview(interview: Interview, lease: StepLease) -> str:
    """Run every hidden case against the files as they are; the step's handler.

    A repeat judges anew and replaces the results; each section's row is found again
    by its name. Raises RunningUnavailableError (retryable) when a case could not be
    run for a reason of ours, and StepSkippedError when there is nothing to judge.
    """
    sections = [one for one in list_sections(interview) if one.problem.hidden]
    if not sections:
        raise StepSkippedError(_("There are no hidden tests."))
    passed = total = 0
    for section in sections:
        run = judge_section(interview, section, lease)
        outcomes = [test["outcome"] for test in run.tests or []]
        passed += outcomes.count("passed")
        total += len(outcomes)
    return _("%(passed)d of %(total)d hidden tests passed.") % {
        "passed": passed,
        "total": total,
    }


def judge_section(interview: Interview, section: Section, lease: StepLease) -> Run:
    """Judge one section; return its run, with a result for every case.

    The sandbox time of a judgement that breaks off is in the ledger too.
    """
    run, files = _open_run(interview, section)
    results: list[CaseResult] = []
    try:
        for result in _judge_cases(section, files):
            results.append(result)
            lease.renew()
    except (RunningUnavailableError, StepLostError):
        record_sandbox_time(run, _sum_durations(results))
        raise
    return _close_run(run, results)


def _sum_durations(results: list[CaseResult]) -> int:
    return sum(result.result.duration_ms for result in results)


@transaction.atomic
def _open_run(interview: Interview, section: Section) -> tuple[Run, list[InputFile]]:
    """Find or make the section's row, on the files as they are now."""
    documents = list(interview.documents.filter(path__startswith=f"{section.folder}/"))
    run, _is_new = Run.objects.update_or_create(
        interview=interview,
        client_id=f"hidden:{section.position}",
        defaults={
            "kind": RunKind.HIDDEN,
            "section": section.position,
            "files": keep_contents(interview, [one.path for one in documents]),
            "state": RunState.RUNNING,
            "created_at": now(),
            "finished_at": None,
            "tests": None,
        },
    )
    return run, [source_file(one.path, one.text) for one in documents]


def _judge_cases(section: Section, files: list[InputFile]) -> Iterator[CaseResult]:
    """Run one process per case; what is expected stays here."""
    hidden = _hidden.validate_python(section.problem.hidden)
    if isinstance(hidden, HiddenStdin):
        for printing in hidden.cases:
            prepared = prepare_stdin(
                hidden, printing, folder=section.folder, files=files
            )
            result = _run_case(prepared.spec)
            yield CaseResult(printing.name, judge_stdin(printing, result), result)
        return
    language = hidden.language or section.problem.language
    for calling in hidden.cases:
        prepared = prepare_call(
            hidden, calling, language=language, folder=section.folder, files=files
        )
        result = _run_case(prepared.spec)
        verdict = judge_call(calling, prepared, result)
        yield CaseResult(calling.name, verdict, result)


def _run_case(spec: RunSpec) -> RunResult:
    result = run_to_end(spec)
    if result.reason in {"failed", "cancelled"}:
        raise RunningUnavailableError(
            _("A hidden test could not be run: %(reason)s") % {"reason": result.message}
        )
    return result


@transaction.atomic
def _close_run(run: Run, results: list[CaseResult]) -> Run:
    """Write the results, and to the timeline only how many passed."""
    end_run(
        run,
        RunOutcome(
            "exited",
            tests=[result.as_json() for result in results],
            duration_ms=_sum_durations(results),
            peak_memory_bytes=max(
                (result.result.peak_memory_bytes for result in results), default=0
            ),
        ),
    )
    return run
