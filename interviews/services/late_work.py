"""What was written before the end and arrives after it: taken for a moment, then kept.

A page turns read-only when its clock is at zero, and sends what was not acknowledged
yet. For a few seconds that still goes into the documents: nobody can say what was
typed when, so this is a moment more for everybody, and the steps after the interview
wait for it. What comes later is kept on the timeline, for a person to look at.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from base.clock import now
from base.text import content_hash
from interviews.enums import ENDED_STATES, InterviewState, Origin
from interviews.errors import LimitExceededError, WrongStateError
from interviews.models import Document, DocumentVersion, Interview
from interviews.selectors.workspace import list_updates_since
from interviews.services.clock import GRACE, lock_interview
from interviews.services.documents import change_document
from interviews.timeline.kinds import DocumentLate, DocumentUpdatedV2
from interviews.timeline.log import NewEvent, append_events, find_event
from interviews.workspace.batches import Update, apply_batch
from interviews.workspace.changes import Changes, clean_text
from interviews.workspace.changesets import map_changes
from interviews.workspace.errors import FileTooLargeError, WorkspaceFullError

TAKEN_FOR = timedelta(hours=72)
MOST_KEPT = 100


@dataclass(frozen=True)
class LeftWork:
    """Updates of one document that a page could not store, made for `version`."""

    path: str
    version: int
    updates: Sequence[Update]
    document: int | None = None


@transaction.atomic
def take_late_work(interview_id: UUID, work: LeftWork, *, client_id: str) -> bool:
    """Put left work into its document, or keep it; repeatable by `client_id`.

    Returns whether it is in the document. Raises WrongStateError unless time is up or
    the interview over, and 72 hours after that; LimitExceededError; BadChangesError.
    """
    interview = lock_interview(interview_id)
    known = find_event(interview, client_id)
    if known is not None:
        return bool(known.payload.get("is_applied"))
    over_at = _over_at(interview)
    fresh, document = _rebase(interview, work)
    if document is not None and not fresh:
        return True
    if document is not None and now() <= _grace_ends(interview, over_at):
        # What is too large for the document is kept beside it.
        with suppress(FileTooLargeError, WorkspaceFullError):
            return _apply(interview, document, fresh, over_at, client_id)
        document.refresh_from_db()
    kept = interview.events.filter(kind=DocumentLate.kind).count()
    if kept >= MOST_KEPT:
        raise LimitExceededError(_("Too much has arrived after the end already."))
    late = _keep(interview, document, work, fresh, over_at)
    append_events(interview, [NewEvent(Origin.CANDIDATE, late, client_id)])
    return False


def _over_at(interview: Interview) -> datetime:
    """Return when the interview was over, or its time. Raises WrongStateError."""
    over_at = interview.ends_at
    if interview.state in ENDED_STATES:
        over_at = interview.ended_at
    elif interview.state != InterviewState.ACTIVE:
        over_at = None
    if over_at is None or not over_at <= now() <= over_at + TAKEN_FOR:
        raise WrongStateError
    return over_at


def _grace_ends(interview: Interview, over_at: datetime) -> datetime:
    """Return until when late work is taken; whoever finished early has stored all."""
    return over_at + GRACE if over_at == interview.ends_at else over_at


def _rebase(
    interview: Interview, work: LeftWork
) -> tuple[list[Update], Document | None]:
    """Return what is not stored yet, made for the document as it is, and the document.

    Without a document that the work fits, it is returned as it came.
    """
    documents = interview.documents.select_for_update()
    document = documents.filter(path=work.path).first()
    if work.document is not None:
        document = documents.filter(pk=work.document).first()
    if document is None or work.version > document.version:
        return list(work.updates), None
    missed = list_updates_since(document, work.version)
    if len(missed) != document.version - work.version:
        return list(work.updates), None
    mine = list(work.updates)
    for update in missed:
        if mine and update["client"] == mine[0].client:
            mine = mine[1:]
        else:
            mine = _map_all(mine, update["changes"])
    return mine, document


def _map_all(mine: Sequence[Update], over: object) -> list[Update]:
    mapped = []
    for update in mine:
        mapped.append(replace(update, changes=map_changes(update.changes, over)))
        over = map_changes(over, update.changes, before=True)
    return mapped


def _apply(
    interview: Interview,
    document: Document,
    fresh: Sequence[Update],
    over_at: datetime,
    client_id: str,
) -> bool:
    stored = change_document(document, fresh)
    updates = [*stored.updates, *([stored.mend] if stored.mend else [])]
    payload = DocumentUpdatedV2(
        path=document.path,
        version=document.version,
        updates=[update.as_json() for update in updates],
        hash=document.hash,
    )
    late = DocumentLate(
        path=document.path,
        version=stored.first,
        seconds=_lateness(over_at),
        is_applied=True,
        hash=document.hash,
    )
    append_events(
        interview,
        [
            NewEvent(Origin.CANDIDATE, payload),
            NewEvent(Origin.CANDIDATE, late, client_id),
        ],
    )
    return True


def _keep(
    interview: Interview,
    document: Document | None,
    work: LeftWork,
    fresh: Sequence[Update],
    over_at: datetime,
) -> DocumentLate:
    """Return the event that keeps left work; keep the text it would have made."""
    if document is None:
        updates, digest = [_clean(update) for update in fresh], ""
    else:
        batch = apply_batch(document.text, fresh)
        updates, digest = list(batch.all_updates), content_hash(batch.text)
        DocumentVersion.objects.bulk_create(
            [DocumentVersion(interview=interview, hash=digest, text=batch.text)],
            ignore_conflicts=True,
        )
    return DocumentLate(
        path=work.path if document is None else document.path,
        version=work.version if document is None else document.version,
        seconds=_lateness(over_at),
        updates=[update.as_json() for update in updates],
        hash=digest,
    )


def _clean(update: Update) -> Update:
    """Return an update that a database can store, whatever it was made for."""
    changes: Changes = [
        [_clean_line(one) for one in part] if isinstance(part, list) else part
        for part in update.changes
    ]
    return replace(update, changes=changes)


def _clean_line(value: int | str) -> int | str:
    return clean_text(value) if isinstance(value, str) else value


def _lateness(over_at: datetime) -> int:
    return max(0, round((now() - over_at).total_seconds()))
