"""Which files and which run go along with a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from base.text import content_hash
from interviews.enums import RunKind, RunState
from interviews.models import Document, DocumentVersion, Event, Interview, Run
from interviews.timeline.kinds import FileRenamed

FILE_CHARS = 20_000
FILES_CHARS = 60_000


@dataclass(frozen=True)
class SentFile:
    """A file as a question has it; cut where there is no room for all of it."""

    path: str
    version: int
    text: str
    is_cut: bool

    @property
    def hash(self) -> str:
        """The hash of the text as it is here."""
        return content_hash(self.text)


def collect_files(interview: Interview, paths: Sequence[str]) -> list[SentFile]:
    """Return the acknowledged text of the named files, in order, within the budget."""
    found = {
        document.path: document
        for document in Document.objects.filter(interview=interview, path__in=paths)
    }
    sent: list[SentFile] = []
    left = FILES_CHARS
    for path in dict.fromkeys(paths):
        document = found.get(path)
        if document is None or left <= 0:
            continue
        text = document.text[: min(FILE_CHARS, left)]
        left -= len(text)
        sent.append(
            SentFile(path, document.version, text, len(text) < len(document.text))
        )
    return sent


def keep_sent_files(interview: Interview, files: Sequence[SentFile]) -> dict[str, str]:
    """Keep what was sent by its hash; return paths with hashes."""
    DocumentVersion.objects.bulk_create(
        [
            DocumentVersion(interview=interview, hash=file.hash, text=file.text)
            for file in files
        ],
        ignore_conflicts=True,
    )
    return {file.path: file.hash for file in files}


def describe_context(
    interview: Interview, paths: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Keep the files a question is asked over; return its context, and path to hash.

    The context names files and run; what of them the model does not know yet is
    decided when the question is sent.
    """
    files = collect_files(interview, paths)
    hashes = keep_sent_files(interview, files)
    run = latest_test_run(interview)
    context = {
        "files": [
            {"path": f.path, "version": f.version, "hash": f.hash, "cut": f.is_cut}
            for f in files
        ],
        "run": str(run.pk) if run else None,
    }
    return context, hashes


def read_files(interview: Interview, context: Mapping[str, Any]) -> list[SentFile]:
    """Return the files of a question again, as they were when it was asked."""
    listed = context.get("files", [])
    texts = read_texts(interview, {file["hash"] for file in listed})
    return [
        SentFile(file["path"], file["version"], texts[file["hash"]], file["cut"])
        for file in listed
        if file["hash"] in texts
    ]


def read_texts(interview: Interview, hashes: set[str]) -> dict[str, str]:
    """Return kept texts by their hashes."""
    kept = DocumentVersion.objects.filter(interview=interview, hash__in=hashes)
    return dict(kept.values_list("hash", "text"))


def renamed_to(interview: Interview, path: str) -> str:
    """Return the path a file was given last, or nothing where it is no more."""
    moved = Event.objects.filter(
        interview=interview, kind=FileRenamed.kind, payload__path=path
    )
    last = moved.order_by("seq").last()
    to = "" if last is None else str(last.payload["to"])
    found = Document.objects.filter(interview=interview, path=to)
    return to if found.exists() else ""


def latest_test_run(interview: Interview) -> Run | None:
    """Return the last finished run of the visible tests in the open section."""
    return (
        Run.objects.filter(
            interview=interview,
            section=interview.section,
            kind=RunKind.TESTS,
            state=RunState.FINISHED,
        )
        .order_by("-created_at")
        .first()
    )
