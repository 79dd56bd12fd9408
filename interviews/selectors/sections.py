"""The sections of an interview."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from interviews.models import Interview, ProblemVersion
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
