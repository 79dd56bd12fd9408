"""Inviting, resending, revoking, and finding the interview behind a link."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.services.mail import queue_mail
from base.clock import now
from interviews.enums import InterviewState
from interviews.errors import (
    ExpiredLinkError,
    InvalidLinkError,
    NotInvitableError,
    NotOpenYetError,
    RevokedLinkError,
    WrongStateError,
)
from interviews.models import (
    AssessmentVersion,
    Candidate,
    EventCursor,
    Interview,
    Invitation,
)
from interviews.services.clock import (
    UNSTARTED_STATES,
    extra_seconds,
    starts_until,
    total_seconds,
)
from interviews.timewords import format_minutes
from interviews.tokens import make_token, read_token
from interviews.zones import format_in_zone

DEFAULT_WINDOW = timedelta(days=14)


FindObstacle = Callable[[AssessmentVersion], str]
_obstacles: list[FindObstacle] = []


def register_obstacle(find: FindObstacle) -> None:
    """Have `find` asked before people are invited; a sentence from it refuses."""
    _obstacles.append(find)


def require_invitable(assessment_version: AssessmentVersion) -> None:
    """Raise NotInvitableError while a candidate could not be served."""
    for find in _obstacles:
        obstacle = find(assessment_version)
        if obstacle:
            raise NotInvitableError(obstacle)


def invitation_url(invitation: Invitation) -> str:
    """Return the absolute link for the candidate."""
    path = reverse("interviews:candidate-entry", args=[make_token(invitation)])
    return f"{settings.PUBLIC_URL}{path}"


@transaction.atomic
def invite_candidate(
    assessment_version: AssessmentVersion,
    *,
    email: str,
    name: str = "",
    invited_by: User | None = None,
    opens_at: datetime | None = None,
    expires_at: datetime | None = None,
    time_zone: str = "",
    time_factor: Decimal = Decimal(1),
    send_mail: bool = True,
    is_preview: bool = False,
) -> Invitation:
    """Create candidate (if new), invitation and interview; queue the mail.

    `time_zone` is an IANA name for the candidate's times, `time_factor` from 1 to 4
    what the assessment's time is multiplied by.
    """
    organisation = assessment_version.assessment.organisation
    candidate = _name_candidate(organisation, email, name, is_preview=is_preview)
    opens_at = opens_at or now()
    invitation = Invitation.objects.create(
        organisation=organisation,
        candidate=candidate,
        assessment_version=assessment_version,
        opens_at=opens_at,
        expires_at=expires_at or opens_at + DEFAULT_WINDOW,
        time_zone=time_zone,
        time_factor=time_factor,
        invited_by=invited_by,
    )
    _make_interview(invitation, is_preview=is_preview)
    if send_mail and not is_preview:
        send_invitation(invitation)
    return invitation


def _make_interview(invitation: Invitation, *, is_preview: bool) -> None:
    interview = Interview.objects.create(
        organisation=invitation.organisation,
        invitation=invitation,
        assessment_version=invitation.assessment_version,
        candidate=invitation.candidate,
        is_preview=is_preview,
    )
    EventCursor.objects.create(interview=interview)


def _name_candidate(
    organisation: Organisation, email: str, name: str, *, is_preview: bool
) -> Candidate:
    """Return the candidate of this address, made if need be, called by this name."""
    candidate, is_new = Candidate.objects.get_or_create(
        organisation=organisation,
        email=email.strip().lower(),
        is_preview=is_preview,
        defaults={"name": name.strip()},
    )
    if name.strip() and not is_new and candidate.name != name.strip():
        candidate.name = name.strip()
        candidate.save(update_fields=["name"])
    return candidate


@transaction.atomic
def send_invitation(invitation: Invitation) -> None:
    """Queue the mail with the link. Raises WrongStateError once it is of no use."""
    if invitation.revoked_at is not None:
        raise WrongStateError(_("This invitation was revoked."))
    if invitation.expires_at <= now():
        raise WrongStateError(_("This invitation has expired."))
    queue_mail(
        organisation=invitation.organisation,
        to=invitation.candidate.email,
        template="invitation",
        context={
            "candidate": invitation.candidate,
            "organisation": invitation.organisation,
            "assessment": invitation.assessment_version,
            "time": format_minutes(total_seconds(invitation)),
            "extra": format_minutes(extra_seconds(invitation)),
            "opens": _opening_words(invitation),
            "expires": format_in_zone(invitation.expires_at, invitation.time_zone),
            "url": invitation_url(invitation),
        },
    )
    invitation.last_sent_at = now()
    invitation.save(update_fields=["last_sent_at"])


def _opening_words(invitation: Invitation) -> str:
    """Return when the link begins to work, or nothing where it does already."""
    if invitation.opens_at <= now():
        return ""
    return format_in_zone(invitation.opens_at, invitation.time_zone)


@transaction.atomic
def revoke_invitation(invitation: Invitation) -> None:
    """Make every link sent so far invalid. Raises WrongStateError once started."""
    if invitation.interview.state not in UNSTARTED_STATES:
        raise WrongStateError(
            _("The interview has started; cancel the interview instead.")
        )
    Invitation.objects.filter(pk=invitation.pk).update(
        generation=F("generation") + 1, revoked_at=now()
    )
    invitation.refresh_from_db(fields=["generation", "revoked_at"])


def find_by_link(token: str) -> Interview:
    """Return the interview behind a link; changes nothing.

    Raises InvalidLinkError, RevokedLinkError, ExpiredLinkError or NotOpenYetError.
    A started or ended interview is returned even after the window, so that the
    candidate can come back to it.
    """
    invitation_id, generation = read_token(token)
    interview = (
        Interview.objects.select_related(
            "invitation", "candidate", "organisation", "assessment_version"
        )
        .filter(invitation_id=invitation_id)
        .first()
    )
    if interview is None:
        raise InvalidLinkError
    check_invitation(interview, generation)
    return interview


def check_invitation(interview: Interview, generation: int) -> None:
    """Raise unless a link of this generation opens the interview now."""
    invitation = interview.invitation
    if generation != invitation.generation or invitation.revoked_at is not None:
        raise RevokedLinkError
    if interview.state == InterviewState.CANCELLED:
        raise RevokedLinkError
    if interview.state == InterviewState.EXPIRED:
        raise ExpiredLinkError
    if interview.state in UNSTARTED_STATES:
        if starts_until(interview) <= now():
            raise ExpiredLinkError
        if invitation.opens_at > now():
            raise NotOpenYetError
