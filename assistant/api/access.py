"""Who may use the chat over HTTP: the candidate's browser, as on the room's pages."""

from uuid import UUID

from channels.db import database_sync_to_async
from django.http import HttpRequest
from ninja.security.base import AuthBase

from assistant.errors import UnknownInterviewError
from base.refusals import CsrfFailedError, check_csrf
from interviews.access import find_as_candidate
from interviews.enums import InterviewState
from interviews.errors import InterviewEndedError
from interviews.models import Interview

_OVER = (
    InterviewState.COMPLETED,
    InterviewState.ABANDONED,
    InterviewState.EXPIRED,
    InterviewState.CANCELLED,
)


class CandidateCookie(AuthBase):
    """The cookie of the interview in the address; `X-CSRFToken` beside a POST.

    Nobody else gets in: members, strangers and other organisations are answered as if
    there were no such interview (404). The candidate of an interview that is over is
    told so, unless `is_over_ok`.
    """

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = "candidate_<interview>"
    openapi_description = (
        "Set by the invitation's link, one for each interview; requests that change "
        "something also need the X-CSRFToken header."
    )

    def __init__(self, *, is_over_ok: bool = False) -> None:
        super().__init__()
        self.is_over_ok = is_over_ok

    async def __call__(self, request: HttpRequest) -> Interview:
        """Return the interview. Raises UnknownInterviewError and the like."""
        match = request.resolver_match
        if match is None:
            raise UnknownInterviewError
        # Ninja's own converter checks the form and leaves a string.
        interview_id = UUID(str(match.kwargs["interview_id"]))
        interview = await database_sync_to_async(find_as_candidate)(
            request.COOKIES, interview_id, is_closed_ok=True
        )
        if interview is None:
            raise UnknownInterviewError
        if check_csrf(request) is not None:
            raise CsrfFailedError
        if interview.state in _OVER and not self.is_over_ok:
            raise InterviewEndedError
        return interview


candidate = CandidateCookie()
