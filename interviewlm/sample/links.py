"""The links and sign-ins that the demo prints."""

from django.conf import settings
from django.urls import reverse

from accounts.enums import Role
from accounts.models import Membership
from interviewlm.sample.content import load_organisation
from interviewlm.sample.loader import sample_interviews
from interviewlm.sample.password import sample_password
from interviews.enums import InterviewState
from interviews.errors import InterviewError
from interviews.models import AssessmentVersion, Interview
from interviews.services.invitations import (
    check_invitation,
    invitation_url,
    invite_candidate,
)

_OPEN = (InterviewState.INVITED, InterviewState.PREPARING, InterviewState.ACTIVE)


def demo_links() -> list[tuple[str, str]]:
    """Return (label, address or sign-in) pairs for whoever tries the demo.

    When no sample candidate's link leads to an interview any more, a new one is
    invited, so that there is always one to take.
    """
    interviews = sample_interviews()
    open_ones = [one for one in interviews if _can_be_taken(one)]
    if open_ones:
        invitation = open_ones[0].invitation
    else:
        content = load_organisation()
        version = AssessmentVersion.objects.filter(
            assessment__organisation__slug=content.slug
        )[0]
        invitation = invite_candidate(
            version,
            email=f"candidate-{len(interviews)}@example.com",
            name=f"Candidate {len(interviews)}",
            send_mail=False,
        )
    recruiter = Membership.objects.select_related("user").get(
        organisation__slug=load_organisation().slug, role=Role.RECRUITER
    )
    return [
        ("Take an interview", invitation_url(invitation)),
        ("Recruiter's desk", f"{settings.PUBLIC_URL}{reverse('admin:index')}"),
        ("Recruiter's e-mail", recruiter.user.email),
        ("Recruiter's password", sample_password()),
    ]


def _can_be_taken(interview: Interview) -> bool:
    """Whether its link still opens: it may have expired or been revoked."""
    try:
        check_invitation(interview, interview.invitation.generation)
    except InterviewError:
        return False
    return interview.state in _OPEN
