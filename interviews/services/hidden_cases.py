"""One hidden case: what goes into the sandbox, and the judgement outside."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _
from pydantic import JsonValue

from base.ids import new_token
from base.text import shorten
from interviews.hidden import compare
from interviews.languages import find_driver
from interviews.reports import Outcome
from interviews.runner_client import (
    InputFile,
    LimitRequest,
    RunResult,
    RunSpec,
    source_file,
)
from interviews.services.catalogue_content import (
    CallCase,
    HiddenCalls,
    HiddenStdin,
    StdinCase,
)
from interviews.workspace.changes import clean_text

MAX_MESSAGE = 300
# A case's seconds are its own: starting an interpreter on a busy machine is not.
START_SECONDS = 3
_DRIVER_FOLDER = Path(compare.__file__).parent


@dataclass(frozen=True)
class CaseRun:
    """A case ready to run, and where its result will be, if in a file."""

    spec: RunSpec
    result_path: str = ""


@dataclass(frozen=True)
class Verdict:
    """How a case went; the message never says what was expected."""

    outcome: Outcome
    message: str = ""


def prepare_call(
    hidden: HiddenCalls,
    case: CallCase,
    *,
    language: str,
    folder: str,
    files: Sequence[InputFile],
) -> CaseRun:
    """Return the run of a driver that calls the candidate's function.

    The driver lies in a folder of its own whose name nobody can guess, outside the
    section, so that no file of the candidate takes its place. Raises LookupError for
    a language without functions to call, which the catalogue takes no such tests for.
    """
    place = f".judge-{new_token()}"
    found = find_driver(language)
    if found is None:
        raise LookupError(language)
    program, driver = found
    result_path = f"{place}/result.json"
    request = {
        **case.call.model_dump(mode="json"),
        "module": hidden.module,
        "result_path": f"../{result_path}",
    }
    return CaseRun(
        RunSpec(
            argv=(program, f"../{place}/{driver}"),
            files=(*files, source_file(f"{place}/{driver}", _read_driver(driver))),
            cwd=folder,
            stdin=json.dumps(request).encode(),
            limits=_limits(hidden),
            collect=(result_path,),
        ),
        result_path,
    )


def prepare_stdin(
    hidden: HiddenStdin, case: StdinCase, *, folder: str, files: Sequence[InputFile]
) -> CaseRun:
    """Return the run of the candidate's program with the case's input."""
    return CaseRun(
        RunSpec(
            argv=hidden.command,
            files=tuple(files),
            cwd=folder,
            stdin=case.stdin.encode(),
            limits=_limits(hidden),
        )
    )


def _limits(hidden: HiddenCalls | HiddenStdin) -> LimitRequest:
    return LimitRequest(wall_seconds=hidden.seconds_per_case + START_SECONDS)


def _read_driver(name: str) -> str:
    return (_DRIVER_FOLDER / name).read_text(encoding="utf-8")


def judge_call(case: CallCase, run: CaseRun, result: RunResult) -> Verdict:
    """Compare what the function returned with what was expected."""
    cut_off = _judge_end(result)
    if cut_off is not None:
        return cut_off
    written = _parse_result(result.files.get(run.result_path))
    if written is None:
        return Verdict("error", _("The program ended without a result."))
    if written.get("ok") is not True:
        return Verdict("error", _shorten(written.get("error")))
    if compare.matches(case.expected, written.get("value")):
        return Verdict("passed")
    return Verdict("failed", _("The result is not the right one."))


def judge_stdin(case: StdinCase, result: RunResult) -> Verdict:
    """Compare what the program printed with what was expected."""
    cut_off = _judge_end(result)
    if cut_off is not None:
        return cut_off
    if result.exit_code != 0:
        message = _("The program ended with exit code %(code)s.")
        return Verdict("error", message % {"code": result.exit_code})
    printed = result.stdout.decode(errors="replace")
    if compare.stdout_matches(case.expected_stdout, printed):
        return Verdict("passed")
    return Verdict("failed", _("The output is not the right one."))


def _judge_end(result: RunResult) -> Verdict | None:
    """Return a verdict for a program that did not come to its own end."""
    if result.reason == "exited":
        return None
    message = {
        "timeout": _("It took too long."),
        "memory": _("It used too much memory."),
        "output": _("It printed too much."),
    }.get(result.reason, _("It was stopped."))
    return Verdict("error", message)


def _parse_result(data: bytes | None) -> dict[str, JsonValue] | None:
    """Return what the driver wrote; whatever else lies there counts as nothing."""
    try:
        written = json.loads(data or b"")
    except (ValueError, RecursionError):
        return None
    return written if isinstance(written, dict) else None


def _shorten(error: object) -> str:
    text = error if isinstance(error, str) else _("The function failed.")
    return shorten(clean_text(text), MAX_MESSAGE)
