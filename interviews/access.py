"""Whose interview is it: the candidate's cookie, and members of the organisation."""

from collections.abc import Mapping
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.http import HttpResponseBase

from accounts.models import User
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
    try:
        value = _signer.unsign(cookies.get(cookie_name(interview_id), ""))
        hexadecimal, generation = value.split(".")
        is_right = UUID(hex=hexadecimal) == interview_id
    except (BadSignature, ValueError):
        return None
    interview = (
        Interview.objects.select_related(
            "invitation", "candidate", "organisation", "assessment_version"
        )
        .filter(pk=interview_id)
        .first()
    )
    if interview is None or not is_right:
        return None
    if is_closed_ok and interview.state in _CLOSED:
        is_current = int(generation) == interview.invitation.generation
        return interview if is_current else None
    try:
        check_invitation(interview, int(generation))
    except InterviewError:
        return None
    return interview


def find_as_member(user: User, interview_id: UUID) -> Interview | None:
    """Return the interview if the user belongs to its organisation, else None."""
    return (
        Interview.objects.select_related("organisation", "candidate")
        .filter(pk=interview_id, organisation__memberships__user=user)
        .first()
    )
