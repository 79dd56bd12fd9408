"""The files of an interview on a runner's disk: who keeps them, and what both sides have.

One process at a time keeps disk and documents in step. It claims that with an epoch;
both the runner and the database refuse what comes with an older one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from base.clock import now
from base.text import content_hash
from interviews.enums import CANDIDATE_RUN_KINDS, LIVE_RUN_STATES, InterviewState
from interviews.models import Document, DocumentVersion, Interview, WorkspaceLease
from interviews.runner_client import WorkspaceEntry, WorkspaceRef
from interviews.selectors.sections import list_folders
from interviews.services.sections import lock_workspace
from interviews.services.workspace_files import drop_file
from interviews.workspace.changes import clean_text, normalise_lines
from interviews.workspace.mirror import KeptFile, Rules, Stored, plan_sync

# What one look takes over from the disk at most; the rest follows in the next.
MOST_READ_BYTES = 2 * 1024 * 1024
# A runner that cannot be reached for so long has closed the workspace by itself.
CLOSING_GIVEN_UP_AFTER = timedelta(hours=1)


class WorkspaceLostError(Exception):
    """Somebody else keeps this workspace in step now; whoever gets this stops."""


@dataclass(frozen=True)
class Claim:
    """The right to keep one workspace in step, until somebody claims it anew."""

    interview_id: UUID
    runner: str
    epoch: int
    folders: tuple[str, ...]

    @property
    def ref(self) -> WorkspaceRef:
        return WorkspaceRef(self.interview_id, self.epoch)


@dataclass(frozen=True)
class Scan:
    """What is on the disk; `is_whole` unless there is more than is listed."""

    entries: Sequence[WorkspaceEntry]
    is_whole: bool = True


@dataclass(frozen=True)
class Look:
    """What a scan asks for: `reads` are the files whose content is needed."""

    reads: tuple[str, ...] = ()
    has_work: bool = False


@dataclass(frozen=True)
class Opening:
    """What opening a workspace found: the files that are lost, and whether the runner
    began anew since."""

    is_restart: bool = False
    lost: tuple[str, ...] = ()


def find_leased_runner(interview_id: UUID) -> str:
    """Return the address of the runner that has the files, or ""."""
    leases = WorkspaceLease.objects.filter(interview_id=interview_id)
    return leases.values_list("runner", flat=True).first() or ""


@transaction.atomic
def claim_workspace(interview_id: UUID, *, runner: str) -> Claim:
    """Take over keeping a workspace in step, on this runner.

    Raises InterviewEndedError or WrongStateError.
    """
    return _claim(lock_workspace(interview_id), runner)


@transaction.atomic
def claim_idle_workspace(interview_id: UUID, *, runner: str) -> Claim | None:
    """The same, but None while a run is under way: it keeps the workspace already."""
    interview = lock_workspace(interview_id)
    return None if is_running(interview) else _claim(interview, runner)


def _claim(interview: Interview, runner: str) -> Claim:
    lease, _is_new = WorkspaceLease.objects.select_for_update().get_or_create(
        interview=interview, defaults={"runner": runner, "epoch": 0}
    )
    lease.epoch += 1
    lease.runner = runner
    lease.updated_at = now()
    lease.save(update_fields=["epoch", "runner", "updated_at"])
    return Claim(interview.pk, runner, lease.epoch, tuple(list_folders(interview)))


def is_running(interview: Interview) -> bool:
    """Say whether a run of the candidate's is under way."""
    runs = interview.runs.filter(
        kind__in=CANDIDATE_RUN_KINDS, state__in=LIVE_RUN_STATES
    )
    return runs.filter(lease_until__gt=now()).exists()


def hold_workspace(claim: Claim) -> tuple[Interview, WorkspaceLease]:
    """Lock an interview and its lease for a change by whoever has the claim.

    Raises WorkspaceLostError when that is somebody else, or InterviewEndedError.
    """
    interview = lock_workspace(claim.interview_id)
    lease = WorkspaceLease.objects.select_for_update().get(interview=interview)
    if lease.epoch != claim.epoch:
        raise WorkspaceLostError
    return interview, lease


@transaction.atomic
def note_opened(claim: Claim, *, generation: str, is_new: bool) -> Opening:
    """Write down which process of the runner has the files now.

    A new workspace is empty: what the database has no content of is lost, and goes from
    the list. Raises WorkspaceLostError or InterviewEndedError.
    """
    interview, lease = hold_workspace(claim)
    is_restart = is_new and lease.generation not in {"", generation}
    lease.generation = generation
    lost: list[str] = []
    if is_new:
        lease.taken = {}
        rows = interview.workspace_files.filter(content="")
        lost = list(rows.values_list("path", flat=True))
        for path in lost:
            drop_file(interview, path)
    lease.save(update_fields=["generation", "taken"])
    return Opening(is_restart=is_restart, lost=tuple(lost))


def look_at_disk(claim: Claim, scan: Scan) -> Look:
    """Return what a scan asks for; changes nothing. Raises WorkspaceLostError."""
    interview = Interview.objects.select_related("assessment_version").get(
        pk=claim.interview_id
    )
    lease = WorkspaceLease.objects.get(interview=interview)
    if lease.epoch != claim.epoch:
        raise WorkspaceLostError
    stored = read_stored(interview, lease, scan)
    plan = plan_sync(
        stored, scan.entries, make_rules(claim.folders), is_whole=scan.is_whole
    )
    # What seems to be deleted is looked at again: many programs delete and write anew.
    reads: list[str] = [path for path in plan.removed if path not in plan.takes]
    size = 0
    for path, take in plan.takes.items():
        if size and size + take.entry.size > MOST_READ_BYTES:
            break
        size += take.entry.size
        reads.append(path)
    has_work = not plan.is_empty or list_taken(lease, scan) != lease.taken
    return Look(tuple(reads), has_work=has_work)


def list_taken(lease: WorkspaceLease, scan: Scan) -> dict[str, list[str]]:
    """Return what was taken and the runner does not know yet, given its scan."""
    bases = {entry.path: entry.base for entry in scan.entries}
    return {
        path: pair
        for path, pair in lease.taken.items()
        if (bases[path] == pair[0] if path in bases else not scan.is_whole)
    }


def make_rules(folders: Iterable[str]) -> Rules:
    """Return which paths may be documents, and how many."""
    return Rules(frozenset(folders), settings.LIMITS["workspace_documents"])


def read_stored(interview: Interview, lease: WorkspaceLease, scan: Scan) -> Stored:
    """Return the database's side of the files."""
    documents = dict(interview.documents.values_list("path", "hash"))
    rows = interview.workspace_files.values_list(
        "path", "kind", "size", "hash", "content"
    )
    known = list_taken(lease, scan)
    taken = {path: (base, content) for path, (base, content) in known.items()}
    contents = {content for _base, content in taken.values()}
    for entry in scan.entries:
        if documents.get(entry.path) not in {None, entry.hash}:
            contents |= {entry.hash, entry.base}
    return Stored(
        documents,
        {
            path: KeptFile(kind, size, digest if content else "")
            for path, kind, size, digest, content in rows
        },
        taken,
        _find_alike(interview, contents - {""}),
    )


def _find_alike(interview: Interview, contents: Iterable[str]) -> dict[str, str]:
    """Return, for contents with other line ends, the hash they have in a document."""
    versions = DocumentVersion.objects.filter(
        interview=interview, hash__in=list(contents), text__contains="\r"
    )
    return {
        digest: content_hash(as_document_text(text))
        for digest, text in versions.values_list("hash", "text")
    }


def as_document_text(text: str) -> str:
    """Return the text of a file as a document holds it."""
    return clean_text(normalise_lines(text))


def has_contents(claim: Claim, files: Mapping[str, str]) -> bool:
    """Say whether the documents of these folders are exactly these {path: hash}."""
    documents = Document.objects.filter(interview_id=claim.interview_id)
    here = list_in_folders(dict(documents.values_list("path", "hash")), files)
    return here == files


def list_in_folders(
    documents: Mapping[str, str], files: Iterable[str]
) -> dict[str, str]:
    """Return the documents that are in the top folders of `files`."""
    folders = {path.partition("/")[0] for path in files}
    return {
        path: digest
        for path, digest in documents.items()
        if path.partition("/")[0] in folders
    }


@transaction.atomic
def note_told(claim: Claim, told: Mapping[str, str]) -> None:
    """Forget what the runner knows by now: {path: the base it had before}.

    Raises WorkspaceLostError or InterviewEndedError.
    """
    _interview, lease = hold_workspace(claim)
    left = {
        path: pair for path, pair in lease.taken.items() if told.get(path) != pair[0]
    }
    if left != lease.taken:
        lease.taken = left
        lease.save(update_fields=["taken"])


Marker = tuple[object, ...]

_MARKER = (
    "SELECT COUNT(*), MAX(updated_at) FROM interviews_document "
    "WHERE interview_id = %s UNION ALL "
    "SELECT COUNT(*), MAX(updated_at) FROM interviews_workspacefile "
    "WHERE interview_id = %s"
)


def read_marker(interview_id: UUID) -> Marker:
    """Return what differs whenever the database's side of the files has changed.

    It is asked for all the time while anything runs, so in one statement.
    """
    key = Interview._meta.pk.get_db_prep_value(interview_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(_MARKER, [key, key])
        return tuple(cursor.fetchall())


@transaction.atomic
def claim_ended_workspace(lease_id: int) -> Claim | None:
    """Claim the workspace of an interview that goes on no more, to close it.

    None where it may be needed still, or is closed.
    """
    lease = (
        WorkspaceLease.objects.select_for_update(of=("self",))
        .select_related("interview")
        .get(pk=lease_id)
    )
    interview = lease.interview
    is_over = interview.state != InterviewState.ACTIVE and not is_running(interview)
    if not (is_over and lease.generation):
        return None
    lease.epoch += 1
    if lease.updated_at < now() - CLOSING_GIVEN_UP_AFTER:
        # This is the last try.
        lease.generation = ""
    lease.save(update_fields=["epoch", "generation"])
    return Claim(interview.pk, lease.runner, lease.epoch, ())


def list_open_leases() -> list[int]:
    """Return the leases of open workspaces of interviews that are over."""
    leases = WorkspaceLease.objects.exclude(generation="")
    over = leases.exclude(interview__state=InterviewState.ACTIVE)
    return list(over.values_list("pk", flat=True))


def note_closed(claim: Claim) -> None:
    """Write down that nothing of a workspace is left on the runner."""
    WorkspaceLease.objects.filter(
        interview_id=claim.interview_id, epoch=claim.epoch
    ).update(generation="", taken={}, updated_at=now())
