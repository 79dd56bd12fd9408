"""The library: each save makes a new version, none is ever changed."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.services.audit import record_audit
from interviews.models import (
    Assessment,
    AssessmentSection,
    AssessmentVersion,
    Problem,
    ProblemVersion,
    Rubric,
    RubricItem,
)
from interviews.services.catalogue_content import (
    AssessmentContent,
    ContentError,
    ProblemContent,
    RubricLine,
    check_files,
)


def create_problem(
    organisation: Organisation,
    *,
    slug: str,
    content: ProblemContent,
    author: User | None,
) -> Problem:
    """Create a problem with its first version. Raises ContentError."""
    try:
        with transaction.atomic():
            problem = Problem.objects.create(organisation=organisation, slug=slug)
            add_problem_version(problem, content=content, author=author)
    except IntegrityError as error:
        raise ContentError(
            _("There is a problem in the folder “%(slug)s” already.") % {"slug": slug}
        ) from error
    return problem


@transaction.atomic
def add_problem_version(
    problem: Problem, *, content: ProblemContent, author: User | None
) -> ProblemVersion | None:
    """Keep the content as the problem's newest version; None if nothing changed.

    Invitations that are out keep the version they were sent with. Raises ContentError.
    """
    check_files(content.files)
    check_files({**content.files, **content.reference})
    Problem.objects.select_for_update().get(pk=problem.pk)
    latest = problem.versions.first()
    columns = content.columns()
    if latest is not None and changed_columns(latest, columns) == []:
        return None
    version = ProblemVersion.objects.create(
        problem=problem,
        number=latest.number + 1 if latest else 1,
        author=author,
        **columns,
    )
    record_audit(
        author,
        problem.organisation,
        "problem.version_added",
        problem,
        {"number": version.number},
    )
    return version


def changed_columns(version: Any, columns: dict[str, Any]) -> list[str]:
    """Return the names of the columns in which a version differs."""
    return [name for name, value in columns.items() if getattr(version, name) != value]


def create_assessment(
    organisation: Organisation,
    *,
    slug: str,
    content: AssessmentContent,
    rubric: Rubric,
    sections: Sequence[ProblemVersion],
    author: User | None,
) -> Assessment:
    """Create an assessment with its first version. Raises ContentError."""
    try:
        with transaction.atomic():
            assessment = Assessment.objects.create(organisation=organisation, slug=slug)
            add_assessment_version(
                assessment,
                content=content,
                rubric=rubric,
                sections=sections,
                author=author,
            )
    except IntegrityError as error:
        raise ContentError(
            _("There is an assessment “%(slug)s” already.") % {"slug": slug}
        ) from error
    return assessment


@transaction.atomic
def add_assessment_version(
    assessment: Assessment,
    *,
    content: AssessmentContent,
    rubric: Rubric,
    sections: Sequence[ProblemVersion],
    author: User | None,
) -> AssessmentVersion | None:
    """Keep the content as the newest version; None if nothing changed.

    Raises ContentError for foreign parts, no section, or one problem twice.
    """
    _check_parts(assessment, rubric, sections)
    Assessment.objects.select_for_update().get(pk=assessment.pk)
    latest = assessment.versions.first()
    columns = {**content.model_dump(mode="json"), "rubric": rubric}
    if latest is not None and not changed_columns(latest, columns):
        pinned = latest.sections.values_list("problem_version_id", flat=True)
        if list(pinned) == [section.pk for section in sections]:
            return None
    version = AssessmentVersion.objects.create(
        assessment=assessment,
        number=latest.number + 1 if latest else 1,
        author=author,
        **columns,
    )
    AssessmentSection.objects.bulk_create(
        [
            AssessmentSection(
                assessment_version=version, position=position, problem_version=section
            )
            for position, section in enumerate(sections)
        ]
    )
    record_audit(
        author,
        assessment.organisation,
        "assessment.version_added",
        assessment,
        {"number": version.number},
    )
    return version


def _check_parts(
    assessment: Assessment, rubric: Rubric, sections: Sequence[ProblemVersion]
) -> None:
    owner = assessment.organisation_id
    if rubric.organisation_id != owner or any(
        section.problem.organisation_id != owner for section in sections
    ):
        raise ContentError(_("A part of this assessment is not your organisation's."))
    if not sections:
        raise ContentError(_("An assessment needs at least one problem."))
    if len({section.problem_id for section in sections}) < len(sections):
        raise ContentError(_("The same problem is chosen twice."))


@transaction.atomic
def save_rubric(
    organisation: Organisation,
    *,
    slug: str,
    title: str,
    lines: Sequence[RubricLine],
    author: User | None,
) -> Rubric:
    """Keep a rubric as the newest version under its slug, and return it.

    Raises ContentError without lines. The same content again is the version there is.
    """
    if not lines:
        raise ContentError(_("A rubric needs at least one item."))
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    versions = Rubric.objects.filter(organisation=organisation, slug=slug)
    latest = versions.order_by("-number").first()
    if latest and latest.title == title and rubric_lines(latest) == list(lines):
        return latest
    rubric = Rubric.objects.create(
        organisation=organisation,
        slug=slug,
        number=latest.number + 1 if latest else 1,
        title=title,
    )
    RubricItem.objects.bulk_create(
        [
            RubricItem(rubric=rubric, position=position, **line.model_dump())
            for position, line in enumerate(lines)
        ]
    )
    record_audit(
        author,
        organisation,
        "rubric.version_added",
        rubric,
        {"slug": slug, "number": rubric.number},
    )
    return rubric


def rubric_lines(rubric: Rubric) -> list[RubricLine]:
    """Return a rubric's items as content."""
    return [
        RubricLine(
            dimension=item.dimension,
            title=item.title,
            good=item.good,
            poor=item.poor,
            weight=item.weight,
        )
        for item in rubric.items.all()
    ]
