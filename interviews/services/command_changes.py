"""What commands change on a runner's disk, brought into the database."""

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import transaction

from interviews.enums import FileKind, Origin
from interviews.models import Document, DocumentVersion, Interview, WorkspaceLease
from interviews.runner_client import FileWrite, WorkspaceEntry
from interviews.services.documents import (
    Stored,
    change_document,
    create_document,
    keep_contents,
)
from interviews.services.workspace_files import drop_file, keep_file
from interviews.services.workspaces import (
    Claim,
    Scan,
    as_document_text,
    hold_workspace,
    list_in_folders,
    list_taken,
    make_rules,
    read_stored,
)
from interviews.timeline.kinds import DocumentUpdatedV2, FileCreated, FileDeleted
from interviews.timeline.log import NewEvent, append_events
from interviews.workspace.batches import Update
from interviews.workspace.errors import (
    FileTooLargeError,
    NotStorableError,
    WorkspaceFullError,
)
from interviews.workspace.merging import merge_changes, split_changes
from interviews.workspace.mirror import Plan, Take, plan_sync

# The editor that a command's updates are from.
COMMAND_CLIENT = "command"
# What is sent to the disk at once at most; the rest follows.
MOST_WRITTEN_BYTES = 16 * 1024 * 1024


@dataclass
class Applied:
    """What came into the database, and what the disk has to be told now.

    `kept` maps files that are no documents to the hash their content replaces. `told`
    maps a path to the runner's base, once `writes` and `agrees` have reached it.
    """

    writes: list[FileWrite] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    agrees: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    updates: list[Stored] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    is_list_changed: bool = False
    is_partial: bool = False
    clashes: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    too_large: list[str] = field(default_factory=list)


@transaction.atomic
def apply_scan(claim: Claim, scan: Scan, contents: Mapping[str, bytes]) -> Applied:
    """Bring what is on the disk into the database; `contents` is what was read of it.

    Each change of a command is taken once, whatever breaks off afterwards: that it was
    taken is stored with it. Raises WorkspaceLostError or InterviewEndedError.
    """
    interview, lease = hold_workspace(claim)
    scan = replace(scan, entries=[_as_read(item, contents) for item in scan.entries])
    stored = read_stored(interview, lease, scan)
    plan = plan_sync(
        stored, scan.entries, make_rules(claim.folders), is_whole=scan.is_whole
    )
    work = _Work(interview, lease, scan, plan, stored.files)
    work.take_over(contents)
    return work.finish()


def _as_read(entry: WorkspaceEntry, contents: Mapping[str, bytes]) -> WorkspaceEntry:
    """Return the entry as its content was when it was read, later than the scan."""
    data = contents.get(entry.path)
    if data is None:
        return entry
    is_text = len(data) <= settings.LIMITS["file_bytes"] and _is_text(data)
    return replace(
        entry,
        kind="text" if is_text else "binary",
        size=len(data),
        hash=hashlib.sha256(data).hexdigest(),
    )


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


class _Work:
    """One plan being carried out, inside the transaction."""

    def __init__(
        self,
        interview: Interview,
        lease: WorkspaceLease,
        scan: Scan,
        plan: Plan,
        kept: Container[str],
    ) -> None:
        self._interview = interview
        self._lease = lease
        self._entries = {entry.path: entry for entry in scan.entries}
        self._plan = plan
        self._kept = kept
        self._done = Applied(
            agrees=dict(plan.agrees),
            clashes=tuple(plan.clashes),
            blocked=tuple(plan.blocked),
            refused=tuple(plan.refused),
        )
        self._writes = dict(plan.writes)
        self._taken = list_taken(lease, scan)
        self._events: list[NewEvent] = []

    def take_over(self, contents: Mapping[str, bytes]) -> None:
        """Bring the disk's changes into the database."""
        for path in self._plan.removed:
            if path not in self._plan.takes or path in contents:
                self._remove(path)
        for path in self._plan.dropped:
            self._drop(path)
        for entry in self._plan.noted:
            self._keep(entry.path, FileKind(entry.kind), None)
        for path, take in self._plan.takes.items():
            if path not in contents:
                self._done.is_partial = True
            elif take.into == "document":
                self._take_text(take, contents[path])
            else:
                self._take_file(path, contents[path])

    def _take_text(self, take: Take, data: bytes) -> None:
        path = take.entry.path
        document = self._interview.documents.filter(path=path).first()
        try:
            if document is not None:
                self._merge(document, take, data.decode())
            else:
                self._create(path, data.decode())
        except (FileTooLargeError, WorkspaceFullError):
            if document is None:
                self._take_file(path, data)
            else:
                self._done.too_large.append(path)

    def _merge(self, document: Document, take: Take, raw: str) -> None:
        entry = self._entries[document.path]
        base, text = self._read_base(take.base), as_document_text(raw)
        changes = merge_changes(base, text, document.text)
        updates = [
            Update(COMMAND_CLIENT, part) for part in split_changes(changes) if part
        ]
        if updates:
            self._done.updates.append(change_document(document, updates))
            self._log(
                DocumentUpdatedV2(
                    path=document.path,
                    version=document.version,
                    updates=[update.as_json() for update in updates],
                    hash=document.hash,
                )
            )
        self._note_taken(entry, raw)
        if document.text == text:
            self._done.agrees[document.path] = entry.hash
        else:
            self._writes[document.path] = entry.hash

    def _read_base(self, digest: str) -> str | None:
        text = (
            DocumentVersion.objects.filter(interview=self._interview, hash=digest)
            .values_list("text", flat=True)
            .first()
        )
        return None if text is None else as_document_text(text)

    def _create(self, path: str, raw: str) -> None:
        document = create_document(
            self._interview, path=path, text=as_document_text(raw)
        )
        if path in self._kept:
            self._drop(path)
        self._done.is_list_changed = True
        self._log(
            FileCreated(
                path=path, text=document.text, hash=document.hash, source="command"
            )
        )
        entry = self._entries[path]
        self._note_taken(entry, raw)
        self._done.agrees[path] = entry.hash

    def _take_file(self, path: str, data: bytes) -> None:
        kind = FileKind.BINARY
        if _is_text(data):
            is_large = len(data) > settings.LIMITS["file_bytes"]
            kind = FileKind.LARGE if is_large else FileKind.UNTRACKED
        if self._keep(path, kind, data):
            self._done.agrees[path] = self._entries[path].hash

    def _keep(self, path: str, kind: FileKind, data: bytes | None) -> bool:
        """Say whether the file was kept; else it is due again at the next look."""
        entry = self._entries[path]
        self._write_log()
        try:
            keep_file(
                self._interview,
                path,
                kind,
                data,
                size=entry.size,
                hash=entry.hash,
                origin=Origin.SYSTEM,
            )
        except NotStorableError:
            return False
        self._done.is_list_changed = True
        return True

    def _drop(self, path: str) -> None:
        self._write_log()
        drop_file(self._interview, path)
        self._done.is_list_changed = True

    def _remove(self, path: str) -> None:
        """A command removed a document; its last content stays on record."""
        digest = keep_contents(self._interview, [path])[path]
        self._interview.documents.filter(path=path).delete()
        self._log(FileDeleted(path=path, hash=digest))
        self._done.deleted.append(path)
        self._done.is_list_changed = True
        self._note_taken(self._entries[path], None)

    def _note_taken(self, entry: WorkspaceEntry, raw: str | None) -> None:
        """Remember that this content of the disk is in the database from now on."""
        content = "" if raw is None else entry.hash
        self._taken[entry.path] = [entry.base, content]
        if raw is not None:
            DocumentVersion.objects.bulk_create(
                [DocumentVersion(interview=self._interview, hash=content, text=raw)],
                ignore_conflicts=True,
            )

    def _log(self, payload: DocumentUpdatedV2 | FileCreated | FileDeleted) -> None:
        self._events.append(NewEvent(Origin.SYSTEM, payload))

    def _write_log(self) -> None:
        """Append what was noted: as late as its order allows, for the lock it takes."""
        if self._events:
            append_events(self._interview, self._events)
            self._events.clear()

    def finish(self) -> Applied:
        """Return what the disk has to be told; each text sent there stays on record."""
        done = self._done
        for path, expected in self._plan.erasures.items():
            done.writes.append(FileWrite(path, None, expected))
            # What has no hash may have kept something else from its place.
            done.is_partial |= not expected
        done.is_partial |= _add_documents(self._interview, self._writes, done)
        keep_contents(self._interview, done.agrees)
        self._save_taken()
        self._write_log()
        paths = [*(write.path for write in done.writes), *done.agrees, *done.kept]
        done.told = {
            path: self._entries[path].base if path in self._entries else ""
            for path in paths
        }
        return done

    def _save_taken(self) -> None:
        """Keep what the runner does not know yet."""
        if self._taken != self._lease.taken:
            self._lease.taken = self._taken
            self._lease.save(update_fields=["taken"])


def _add_documents(
    interview: Interview, writes: Mapping[str, str], done: Applied
) -> bool:
    """Add the documents that go to the disk; say whether some have to wait."""
    sizes = dict(
        interview.documents.filter(path__in=list(writes)).values_list("path", "size")
    )
    paths: list[str] = []
    total = 0
    for path, size in sizes.items():
        total += size
        if paths and total > MOST_WRITTEN_BYTES:
            break
        paths.append(path)
    keep_contents(interview, paths)
    for document in interview.documents.filter(path__in=paths):
        data = document.text.encode()
        done.writes.append(FileWrite(document.path, data, writes[document.path]))
    done.kept |= {path: writes[path] for path in writes if path not in sizes}
    return len(paths) < len(sizes)


@transaction.atomic
def pin_contents(claim: Claim, scan: Scan, files: Mapping[str, str]) -> list[FileWrite]:
    """Return what makes the disk hold exactly these contents {path: hash}.

    Only in the folders they are in; the database is left as it is, and is ahead of the
    disk where it has something else. Raises WorkspaceLostError or InterviewEndedError.
    """
    interview, lease = hold_workspace(claim)
    stored = read_stored(interview, lease, scan)
    moved = list_in_folders(stored.documents, files)
    others = {
        path: digest for path, digest in stored.documents.items() if path not in moved
    }
    pinned = replace(stored, documents={**others, **files})
    plan = plan_sync(pinned, scan.entries, make_rules(claim.folders))
    versions = DocumentVersion.objects.filter(
        interview=interview, hash__in=set(files.values())
    )
    texts = dict(versions.values_list("hash", "text"))
    return [
        *(FileWrite(path, None, was) for path, was in plan.erasures.items()),
        *(
            FileWrite(path, texts[files[path]].encode(), expected)
            for path, expected in plan.writes.items()
            if path in files
        ),
    ]
