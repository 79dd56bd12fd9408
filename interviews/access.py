"""Whose interview is it: the candidate's cookie, and members who may watch it live."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from accounts.access import role_in
from accounts.enums import Role
from accounts.models import Organisation, User
from accounts.permissions import is_allowed
from interviews.enums import InterviewState
from interviews.errors import InterviewError
from interviews.models import Interview
from interviews.services.invitations import check_invitation

COOKIE_AGE = 60 * 60 * 24 * 14
_CLOSED = (InterviewState.CANCELLED, InterviewState.EXPIRED)
_signer = Signer(salt="interviews.candidate", sep="~")


def cookie_name(interview_id: UUID | str) -> str:
    """Return the name of the candidate cookie; one per interview."""
    return f"candidate_{UUID(str(interview_id)).hex[:12]}"


def grant_candidate(
    response: HttpResponseBase, interview: Interview, *, is_secure: bool
) -> None:
    """Let this browser in as the interview's candidate."""
    value = _signer.sign(f"{interview.pk.hex}.{interview.invitation.generation}")
    response.set_cookie(
        cookie_name(interview.pk),
        value,
        max_age=COOKIE_AGE,
        httponly=True,
        secure=is_secure,
        samesite="Lax",
    )


def find_as_candidate(
    cookies: Mapping[str, str], interview_id: UUID, *, is_closed_ok: bool = False
) -> Interview | None:
    """Return the interview if these cookies are its candidate's, else None.

    A revoked or cancelled invitation ends the right at once; with `is_closed_ok`
    the candidate of a cancelled or expired interview is still known, to be told.
    """
    generation = read_generation(cookies, interview_id)
    if generation is None:
        return None
    interview = (
        Interview.objects.select_related(
            "invitation", "candidate", "organisation", "assessment_version"
        )
        .filter(pk=interview_id)
        .first()
    )
    if interview is None:
        return None
    if is_closed_ok and interview.state in _CLOSED:
        is_current = generation == interview.invitation.generation
        return interview if is_current else None
    return interview if is_open_to(interview, generation) else None


def is_open_to(interview: Interview, generation: int) -> bool:
    """Say whether the interview is open now to a cookie of this generation."""
    try:
        check_invitation(interview, generation)
    except InterviewError:
        return False
    return True


def read_generation(cookies: Mapping[str, str], interview_id: UUID) -> int | None:
    """Return which invitation these cookies were given for, None for a stranger's.

    Asks no database: by itself it lets nobody in (`is_open_to`).
    """
    try:
        value = _signer.unsign(cookies.get(cookie_name(interview_id), ""))
        hexadecimal, generation = value.split(".")
        return int(generation) if UUID(hex=hexadecimal) == interview_id else None
    except (BadSignature, ValueError):
        return None


def holds_cookie(cookies: Mapping[str, str], interview_id: UUID) -> bool:
    """Say whether these cookies were once given to the interview's candidate.

    Asks no database: for what must be known while it is away. It lets nobody in.
    """
    return read_generation(cookies, interview_id) is not None


@dataclass(frozen=True)
class Watcher:
    """A member who may see an interview live, and whether they may type in it."""

    interview: Interview
    user: User
    role: Role
    may_type: bool

    @property
    def shown_name(self) -> str:
        """What the candidate reads; never an e-mail address."""
        return shown_name(self.user, self.interview.organisation)


def shown_name(user: User, organisation: Organisation) -> str:
    """Return how a member is called before a candidate."""
    unnamed = _("Somebody of %(organisation)s") % {"organisation": organisation.name}
    return user.name or unnamed


def find_watcher(user_id: int | None, interview_id: UUID) -> Watcher | None:
    """Return this user as somebody who may watch the interview, else None.

    Reads everything anew: they may have left, or be asked no more. Whichever
    organisation they picked for the back office does not matter here.
    """
    user = User.objects.filter(pk=user_id).first() if user_id else None
    interview = (
        Interview.objects.select_related(
            "organisation", "candidate", "assessment_version"
        )
        .filter(pk=interview_id)
        .first()
    )
    if interview is None or user is None:
        return None
    role = role_in(user, interview.organisation)
    if role is None or not _may_watch(user, role, interview):
        return None
    is_writable = interview.assessment_version.is_interviewer_typing_allowed
    may_type = is_writable and is_allowed(role, "type", "interview")
    return Watcher(interview, user, role, may_type)


def _may_watch(user: User, role: Role, interview: Interview) -> bool:
    if is_allowed(role, "watch_any", "interview"):
        return True
    is_asked = is_allowed(role, "watch", "interview")
    return is_asked and interview.interviewers.filter(user=user).exists()
