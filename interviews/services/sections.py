"""The sections of an interview, and which one is open."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from interviews.enums import Origin
from interviews.models import Interview, ProblemVersion
from interviews.services.lifecycle import require_active
from interviews.timeline.kinds import SectionOpened
from interviews.timeline.log import append_event, find_event
from interviews.workspace.errors import MissingError


@dataclass(frozen=True)
class Section:
    """One problem in its place within an interview, and its folder."""

    position: int
    folder: str
    problem: ProblemVersion


def list_sections(interview: Interview) -> list[Section]:
    """Return the sections in order."""
    rows = interview.assessment_version.sections.select_related(
        "problem_version__problem"
    ).order_by("position")
    return [Section(row.position, row.folder, row.problem_version) for row in rows]


def list_folders(interview: Interview) -> list[str]:
    """Return the folders of the sections in order, without their content."""
    rows = interview.assessment_version.sections.order_by("position")
    return list(rows.values_list("problem_version__problem__slug", flat=True))


def find_section(interview: Interview, folder: str) -> Section:
    """Return the section with this folder. Raises MissingError."""
    for section in list_sections(interview):
        if section.folder == folder:
            return section
    raise MissingError(_("This interview has no such problem."))


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
