"""Which section of an interview is open, and the lock of its workspace."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from base.statements import lock_row
from interviews.enums import Origin
from interviews.models import Interview
from interviews.selectors.sections import list_folders
from interviews.services.lifecycle import require_active
from interviews.timeline.kinds import SectionOpened
from interviews.timeline.log import append_event, find_event
from interviews.workspace.errors import MissingError

_EDIT_FIELDS = ("id", "state", "started_at", "ends_at")


def lock_workspace(interview_id: UUID) -> Interview:
    """Return the interview, locked for a change of its workspace, if it may change.

    The lock keeps an end of the interview and an edit in one order, and lets other
    transactions append events meanwhile. Raises InterviewEndedError or
    WrongStateError.
    """
    interview = (
        Interview.objects.select_for_update(of=("self",), no_key=True)
        .select_related("assessment_version")
        .get(pk=interview_id)
    )
    require_active(interview)
    return interview


def lock_for_edit(interview_id: UUID) -> Interview:
    """Do the same for one edit, with only what it needs of the interview."""
    interview = lock_row(Interview, _EDIT_FIELDS, no_key=True, id=interview_id)
    if interview is None:
        raise Interview.DoesNotExist
    require_active(interview)
    return interview


@transaction.atomic
def open_section(interview_id: UUID, *, folder: str, client_id: str) -> str:
    """Note that the candidate turned to a section; repeatable. Returns its folder."""
    interview = lock_workspace(interview_id)
    folders = list_folders(interview)
    if folder not in folders:
        raise MissingError(_("This interview has no such problem."))
    if find_event(interview, client_id):
        return folder
    position = folders.index(folder)
    if interview.section != position:
        interview.section = position
        interview.save(update_fields=["section"])
    append_event(
        interview,
        SectionOpened(section=position),
        origin=Origin.CANDIDATE,
        client_id=client_id,
    )
    return folder
