"""Looking a file over for mistakes: what the candidate's editor marks.

Nobody else sees the marks: they are no event, and nothing is judged by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import PurePosixPath
from uuid import UUID

from base.text import shorten, utf16_length
from interviews.languages import Finding, Linter, Place, Severity, find_linter
from interviews.runner_client import LimitRequest, RunFinished, RunSpec, source_file
from interviews.services.documents import find_document
from interviews.workspace.changes import clean_text

SECONDS = 5
MEMORY_BYTES = 256 * 1024 * 1024
MAX_FILE_CHARS = 300_000
MAX_DIAGNOSTICS = 100
MAX_MESSAGE = 300
MAX_CODE = 60
_MAX_READ = 1_000
_RANKS: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Look:
    """One file as it was looked at; without a linter there is nothing to look with."""

    path: str
    version: int
    text: str
    linter: Linter | None


@dataclass(frozen=True)
class Diagnostic:
    """One mark: offsets in UTF-16 code units within the text, plain text to show."""

    start: int
    end: int
    severity: Severity
    message: str
    code: str


def prepare_look(interview_id: UUID, path: str) -> Look:
    """Return the file as it is stored now. Raises MissingError."""
    document = find_document(interview_id, path)
    is_short = len(document.text) <= MAX_FILE_CHARS
    linter = find_linter(PurePosixPath(path).suffix) if is_short else None
    return Look(path, document.version, document.text, linter)


def build_look_spec(look: Look, linter: Linter) -> RunSpec:
    """Return a run in a sandbox of its own that holds this one file.

    The file has a name of ours, so that no name can be taken for an option.
    """
    name = f"file{PurePosixPath(look.path).suffix}"
    return RunSpec(
        argv=(*linter.command, name),
        files=(source_file(name, look.text),),
        limits=LimitRequest(
            wall_seconds=SECONDS, memory_bytes=MEMORY_BYTES, processes=32
        ),
    )


def read_diagnostics(
    look: Look, linter: Linter, finished: RunFinished, output: bytes
) -> list[Diagnostic] | None:
    """Return what was found, in the order of the file; None where nothing looked.

    The output is a claim from inside the sandbox: whatever it says becomes bounded
    plain text at a place in the file, or is left out.
    """
    has_looked = finished.exit_code in {0, 1} or finished.reason == "output"
    if not has_looked:
        return None
    places = _Places(look.text)
    findings = islice(linter.read(output), _MAX_READ)
    found = [_make_diagnostic(each, places) for each in findings if each.start[0] > 0]
    found.sort(key=lambda each: _RANKS[each.severity])
    return sorted(found[:MAX_DIAGNOSTICS], key=lambda each: (each.start, each.end))


class _Places:
    """From line and column to an offset of the editor."""

    def __init__(self, text: str) -> None:
        self._lines: Sequence[str] = text.split("\n")
        lengths = (utf16_length(line) + 1 for line in self._lines)
        self._starts = list(accumulate(lengths, initial=0))

    def find(self, place: Place) -> int:
        """The offset, within the text whatever the place says."""
        row = min(max(place[0], 1), len(self._lines)) - 1
        before = self._lines[row][: max(place[1] - 1, 0)]
        return self._starts[row] + utf16_length(before)


def _make_diagnostic(finding: Finding, places: _Places) -> Diagnostic:
    start = places.find(finding.start)
    return Diagnostic(
        start=start,
        end=max(start, places.find(finding.end)),
        severity=finding.severity,
        message=_flatten(finding.message, MAX_MESSAGE),
        code=_flatten(finding.code, MAX_CODE),
    )


def _flatten(text: str, limit: int) -> str:
    """One line of plain text, bounded before anything is done with it."""
    words = clean_text(text[: 4 * limit]).split()
    line = "".join(each for each in " ".join(words) if each.isprintable())
    return shorten(line, limit)
