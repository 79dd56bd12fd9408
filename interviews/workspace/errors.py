"""Refusals of the workspace, with the codes of docs/protocol.md."""

from django.utils.translation import gettext_lazy as _

from interviews.errors import (
    InterviewError,
    InvalidUpdateError,
    LimitExceededError,
    PathError,
)


class BadFrameError(InterviewError):
    """A frame that does not follow the protocol."""

    code = "bad_frame"

    def __init__(self, message: object | None = None) -> None:
        super().__init__(
            message or _("The page sent something unexpected. Reload the page.")
        )


class BadChangesError(InvalidUpdateError):
    """A change set that does not fit the text it is applied to."""

    code = "bad_changes"


class BadPathError(PathError):
    """A path the workspace does not take; the text says why."""

    code = "bad_path"


class PathTakenError(PathError):
    """There is a file (or a folder) of this name."""

    code = "exists"
    status = 409


class NotKeptError(PathError):
    """A file that is only on the runner's disk: only a command moves it."""

    code = "not_kept"
    status = 409

    def __init__(self, path: str) -> None:
        super().__init__(
            _("“%(path)s” is not kept here: only a command can move it.")
            % {"path": path}
        )


class BadVariableError(InterviewError):
    """An environment variable that a run is not given; the text says why."""

    code = "bad_variable"


class MissingError(InterviewError):
    """No such document, section or run in this interview."""

    code = "not_found"
    status = 404


class ReadOnlyError(InterviewError):
    """This window may look, not write."""

    code = "read_only"
    status = 403

    def __init__(self, message: object | None = None) -> None:
        super().__init__(message or _("This window can only read."))


class FileTooLargeError(LimitExceededError):
    """One file or one edit is larger than the workspace takes."""

    code = "file_too_large"


class WorkspaceFullError(LimitExceededError):
    """The workspace holds no more files, or no more bytes."""

    code = "workspace_full"


class NotStorableError(InterviewError):
    """The storage of files does not answer; the same may work later."""

    code = "not_stored"
    status = 503
    retryable = True

    def __init__(self, message: object | None = None) -> None:
        super().__init__(
            message or _("The file could not be stored. Try again in a moment."),
            retry_after=2.0,
        )


class RateLimitedError(InterviewError):
    """Too many of this kind in a short time."""

    code = "rate_limited"
    status = 429
    retryable = True
