"""Puts the sample organisation into the database, through the product's own services."""

from dataclasses import dataclass

from django.db import transaction

from accounts.enums import Role
from accounts.models import Membership, Organisation, User
from accounts.services.members import find_or_create_user
from accounts.services.organisations import create_organisation
from interviewlm.sample import schema
from interviewlm.sample.content import load_finished, load_organisation, load_problems
from interviewlm.sample.replay import replay_finished
from interviews.models import AssessmentVersion, Interview, Problem, Rubric
from interviews.services.catalogue import (
    create_assessment,
    create_problem,
    save_rubric,
)
from interviews.services.catalogue_content import (
    AssessmentContent,
    ProblemContent,
    RubricLine,
)
from interviews.services.invitations import invite_candidate


@dataclass(frozen=True)
class Loaded:
    """What loading did."""

    organisation: Organisation
    is_new: bool


@transaction.atomic
def load_sample(*, password: str) -> Loaded:
    """Create the sample organisation, once; a second call changes nothing.

    Everybody in it signs in with `password`, except who had one before.
    """
    content = load_organisation()
    existing = Organisation.objects.filter(slug=content.slug).first()
    if existing is not None:
        return Loaded(existing, is_new=False)
    organisation = _create_people(content, password)
    recruiter = _member(organisation, Role.RECRUITER)
    rubric = save_rubric(
        organisation,
        slug=content.rubric.slug,
        title=content.rubric.title,
        lines=[
            RubricLine(**item.model_dump(mode="json")) for item in content.rubric.items
        ],
        author=recruiter,
    )
    problems = {
        problem.slug: create_problem(
            organisation,
            slug=problem.slug,
            content=_problem_content(problem),
            author=recruiter,
        )
        for problem in load_problems()
    }
    versions = {
        assessment.slug: _create_assessment(
            organisation, assessment, rubric, problems, recruiter
        )
        for assessment in content.assessments
    }
    _invite(content, versions, recruiter)
    return Loaded(organisation, is_new=True)


def _create_people(content: schema.Organisation, password: str) -> Organisation:
    owner = next(person for person in content.people if person.role == Role.OWNER)
    organisation = create_organisation(
        content.name, slug=content.slug, owner_email=owner.email, owner_name=owner.name
    ).organisation
    for person in content.people:
        user, _is_new = find_or_create_user(person.email, person.name)
        if not user.has_usable_password():
            user.set_password(password)
            user.save(update_fields=["password"])
        Membership.objects.get_or_create(
            organisation=organisation, user=user, defaults={"role": person.role}
        )
    return organisation


def _member(organisation: Organisation, role: Role) -> User:
    return organisation.memberships.select_related("user").filter(role=role)[0].user


def _problem_content(problem: schema.Problem) -> ProblemContent:
    return ProblemContent.model_validate(
        {
            "title": problem.title,
            "summary": problem.summary,
            "statement": problem.statement,
            "difficulty": problem.difficulty,
            "language": problem.language,
            "minutes": problem.time_limit_minutes,
            "entry": problem.entry,
            "run_command": problem.run_file,
            "files": problem.files,
            "reference": problem.reference,
            "tests": problem.tests.model_dump(mode="json"),
            "hidden": problem.hidden.model_dump(mode="json"),
            "hints": problem.hints,
        }
    )


def _create_assessment(
    organisation: Organisation,
    assessment: schema.Assessment,
    rubric: Rubric,
    problems: dict[str, Problem],
    author: User,
) -> AssessmentVersion:
    content = AssessmentContent.model_validate(
        assessment.model_dump(mode="json", exclude={"slug", "job", "sections"})
    )
    created = create_assessment(
        organisation,
        slug=assessment.slug,
        content=content,
        rubric=rubric,
        sections=[problems[slug].versions.all()[0] for slug in assessment.sections],
        author=author,
    )
    return created.versions.all()[0]


def _invite(
    content: schema.Organisation,
    versions: dict[str, AssessmentVersion],
    recruiter: User,
) -> None:
    """Invite the sample's candidates; one of them has finished already."""
    finished = load_finished()
    for candidate in content.candidates:
        version = versions[candidate.assessment]
        if candidate.email == finished.candidate:
            replay_finished(finished, version, candidate=candidate, actor=recruiter)
        else:
            invite_candidate(
                version,
                email=candidate.email,
                name=candidate.name,
                invited_by=recruiter,
                send_mail=False,
            )


def sample_interviews() -> list[Interview]:
    """Return the sample organisation's interviews, the newest invitations first."""
    return list(
        Interview.objects.select_related("invitation", "candidate")
        .filter(organisation__slug=load_organisation().slug, is_preview=False)
        .order_by("-created_at")
    )
