"""Domain errors of the interviews app."""

from django.utils.translation import gettext_lazy as _

from base.errors import DomainError


class InterviewError(DomainError):
    """Base of this app's errors."""

    code = "interview_error"


class InvalidLinkError(InterviewError):
    """The link is mistyped, or was never ours."""

    code = "link_invalid"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("This link is not valid. Check that it was copied whole."))


class RevokedLinkError(InterviewError):
    """The link was taken back or replaced."""

    code = "link_revoked"
    status = 410

    def __init__(self) -> None:
        super().__init__(_("This link was withdrawn by the company."))


class ExpiredLinkError(InterviewError):
    """The window of the invitation is over."""

    code = "link_expired"
    status = 410

    def __init__(self) -> None:
        super().__init__(_("This link has expired."))


class NotOpenYetError(InterviewError):
    """The window of the invitation has not begun."""

    code = "link_not_open"
    status = 403
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("This interview is not open yet."))


class NotInvitableError(InterviewError):
    """A part that every interview of this kind needs is missing."""

    code = "not_invitable"
    status = 503


class WrongStateError(InterviewError):
    """The interview is not in a state that allows this."""

    code = "wrong_state"
    status = 409

    def __init__(self, message: object | None = None) -> None:
        super().__init__(message or _("The interview is not in a state for this."))


class InterviewEndedError(InterviewError):
    """The interview is over; nothing more is taken."""

    code = "interview_ended"
    status = 409

    def __init__(self) -> None:
        super().__init__(_("The interview has ended. What you stored is safe."))


class VersionConflictError(InterviewError):
    """The client is behind the stored version of a document."""

    code = "version_conflict"
    status = 409
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("The file changed meanwhile; your edit is being merged."))


class InvalidUpdateError(InterviewError):
    """An update does not fit the document it names."""

    code = "invalid_update"

    def __init__(self, message: object | None = None) -> None:
        super().__init__(message or _("The edit does not fit the file."))


class PathError(InterviewError):
    """A path the workspace does not take."""

    code = "invalid_path"


class LimitExceededError(InterviewError):
    """One of the product's limits."""

    code = "limit_exceeded"
    status = 413


class RunningUnavailableError(InterviewError):
    """No working sandbox: running is off."""

    code = "running_unavailable"
    status = 503
    retryable = True


class BusyError(InterviewError):
    """Something of this kind is already under way."""

    code = "busy"
    status = 409
    retryable = True
