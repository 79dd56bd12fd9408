"""A file's versions through the interview, and the lines that differ between two."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from interviews.enums import RunKind
from interviews.models import Document, DocumentVersion, Interview
from interviews.selectors.review import event_time, format_clock

MAX_DIFF_LINES = 4000
MAX_VERSIONS = 200
MAX_OTHER_FILES = 1000
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_KINDS = (
    "file.created",
    "run.started",
    "turn.asked",
    "document.applied",
    "document.late",
)


@dataclass(frozen=True)
class FileVersion:
    """A content a file had, and the moment that shows it."""

    digest: str
    label: str
    time: str
    t_ms: int | None
    seq: int


@dataclass(frozen=True)
class FileHistory:
    """A file's path, its versions in order, and whether it is still there."""

    path: str
    versions: list[FileVersion]
    is_deleted: bool


def list_files(interview: Interview) -> list[FileHistory]:
    """Return every file there ever was, by path."""
    versions = _versions_by_path(interview)
    final = dict(
        Document.objects.filter(interview=interview).values_list("path", "hash")
    )
    known = _known_digests(interview)
    histories = []
    for path in sorted({*versions, *final}):
        found = [one for one in versions.get(path, []) if one.digest in known]
        if path in final and (not found or found[-1].digest != final[path]):
            found.append(FileVersion(final[path], _("As it is now"), "", None, 0))
        if found:
            histories.append(
                FileHistory(path, _distinct(found)[-MAX_VERSIONS:], path not in final)
            )
    return histories


@dataclass(frozen=True)
class OtherFile:
    """A file that is no document: `address` is its content's, empty where none is kept."""

    path: str
    kind: str
    size: int
    address: str
    may_be_picture: bool


def list_other_files(interview: Interview) -> list[OtherFile]:
    """Return the files there are besides documents, by path."""
    address = reverse("admin:interview-review-content", args=[interview.pk])
    return [
        OtherFile(
            row.path,
            row.get_kind_display(),
            row.size,
            f"{address}?{urlencode({'path': row.path})}" if row.content else "",
            row.path.lower().endswith(_PICTURES),
        )
        for row in interview.workspace_files.order_by("path")[:MAX_OTHER_FILES]
    ]


def _versions_by_path(interview: Interview) -> dict[str, list[FileVersion]]:
    found: dict[str, list[FileVersion]] = {}
    events = interview.events.filter(kind__in=_KINDS).order_by("seq")
    for event in events.iterator(chunk_size=500):
        t_ms = event_time(interview, event.t_ms, event.at)
        label = _label(event.kind, event.payload)
        for path, digest in _contents(event.kind, event.payload):
            found.setdefault(path, []).append(
                FileVersion(digest, label, format_clock(t_ms), t_ms, event.seq)
            )
    return found


def _contents(kind: str, payload: dict[str, object]) -> Iterable[tuple[str, str]]:
    if kind in {"file.created", "document.applied"}:
        return [(str(payload["path"]), str(payload["hash"]))]
    if kind == "document.late":
        is_shown = payload["hash"] and not payload["is_applied"]
        return [(str(payload["path"]), str(payload["hash"]))] if is_shown else []
    files = payload.get("files")
    return list(files.items()) if isinstance(files, dict) else []


def _label(kind: str, payload: dict[str, object]) -> str:
    if kind == "file.created":
        sources = {"starter": _("Starter"), "upload": _("Uploaded")}
        return sources.get(str(payload.get("source")), _("Created"))
    if kind == "document.applied":
        return _("Block of the answer taken over")
    if kind == "turn.asked":
        return _("Assistant asked")
    if kind == "document.late":
        return _("Arrived after the end, not judged")
    labels = dict(RunKind.choices)
    return str(labels.get(str(payload.get("run_kind", "")), _("Run")))


def _distinct(versions: list[FileVersion]) -> list[FileVersion]:
    """Leave out moments that show the same content as the one before."""
    kept: list[FileVersion] = []
    for version in versions:
        if not kept or kept[-1].digest != version.digest:
            kept.append(version)
    return kept


def _known_digests(interview: Interview) -> set[str]:
    kept = interview.document_versions.values_list("hash", flat=True)
    now = interview.documents.values_list("hash", flat=True)
    created = interview.events.filter(kind="file.created").values_list(
        "payload__hash", flat=True
    )
    return {*kept, *now, *created}


def find_text(interview: Interview, path: str, digest: str) -> str | None:
    """Return a content of a file by its hash."""
    kept = DocumentVersion.objects.filter(interview=interview, hash=digest).first()
    if kept is not None:
        return kept.text
    document = Document.objects.filter(interview=interview, hash=digest).first()
    if document is not None:
        return document.text
    created = interview.events.filter(
        kind="file.created", payload__path=path, payload__hash=digest
    ).first()
    return str(created.payload["text"]) if created else None


def compare(before: str | None, after: str) -> list[tuple[str, int, int, str]]:
    """Return lines as (kind, old number, new number, text); 0 where there is none.

    Kinds are same, added and removed. Without `before`, or past the limit, every
    line is the same.
    """
    new = after.split("\n")
    old = before.split("\n") if before is not None else []
    if before is None or len(old) + len(new) > MAX_DIFF_LINES:
        return [("same", 0, number, text) for number, text in enumerate(new, 1)]
    rows: list[tuple[str, int, int, str]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            rows += [
                ("same", i1 + n + 1, j1 + n + 1, old[i1 + n]) for n in range(i2 - i1)
            ]
            continue
        rows += [("removed", i + 1, 0, old[i]) for i in range(i1, i2)]
        rows += [("added", 0, j + 1, new[j]) for j in range(j1, j2)]
    return rows
