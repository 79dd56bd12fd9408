"""Domain errors of the recordings app."""

from django.utils.translation import gettext_lazy as _

from base.errors import DomainError


class RecordingError(DomainError):
    """Base of this app's errors."""

    code = "recording_error"


class InvalidUploadError(RecordingError):
    """The request is not one that our own page would send."""

    code = "bad_request"

    def __init__(self, message: object | None = None) -> None:
        super().__init__(message or _("This part of the recording was not understood."))


class UnknownRecordingError(RecordingError):
    """No such interview or segment for this browser."""

    code = "not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__(
            _("This browser is not let in. Open the link from your invitation again.")
        )


class NotRecordedError(RecordingError):
    """A preview, or an assessment without recording."""

    code = "not_recorded"
    status = 409

    def __init__(self) -> None:
        super().__init__(_("This interview is not recorded."))


class RecordingClosedError(RecordingError):
    """The interview has not begun, or ended too long ago."""

    code = "recording_closed"
    status = 409


class SegmentConflictError(RecordingError):
    """The segment was opened with other words before."""

    code = "segment_conflict"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("This part of the recording has been announced differently.")
        )


class ChunkConflictError(RecordingError):
    """Other bytes are stored under this number."""

    code = "chunk_conflict"
    status = 409

    def __init__(self) -> None:
        super().__init__(_("Another part of the recording is stored in this place."))


class ChunkTooLargeError(RecordingError):
    """More bytes than one chunk may have."""

    code = "chunk_too_large"
    status = 413

    def __init__(self) -> None:
        super().__init__(_("This part of the recording is too large to be stored."))


class RecordingFullError(RecordingError):
    """The interview has stored as much as one may."""

    code = "recording_full"
    status = 413

    def __init__(self) -> None:
        super().__init__(
            _("The recording has reached its largest size. What is stored is safe.")
        )


class WrongSizeError(RecordingError):
    """Another number of bytes arrived than was announced; sending again mends it."""

    code = "wrong_size"
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("This part of the recording did not arrive whole."))


class NotArrivedError(RecordingError):
    """The store has nothing where the chunk should lie."""

    code = "not_arrived"
    status = 409
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("This part of the recording has not arrived yet."))


class TicketUnknownError(RecordingError):
    """Nothing was announced, or something else, or too long ago: ask again."""

    code = "ticket_unknown"
    status = 409
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("This part of the recording must be announced again."))


class TicketConflictError(RecordingError):
    """Other bytes were announced for this place a moment ago."""

    code = "ticket_conflict"
    status = 409
    retryable = True

    def __init__(self, retry_after: float) -> None:
        super().__init__(
            _("Another part of the recording was announced for this place."),
            retry_after=retry_after,
        )


class TooManyTicketsError(RecordingError):
    """More chunks are announced than any page sends at once."""

    code = "too_many_tickets"
    status = 429
    retryable = True

    def __init__(self) -> None:
        super().__init__(
            _("Too many parts of the recording are on their way."), retry_after=30
        )


class HashMismatchError(RecordingError):
    """The bytes changed on their way; sending them again mends it."""

    code = "hash_mismatch"
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("This part of the recording arrived damaged."))


class FormatUnsupportedError(RecordingError):
    """The first bytes are no recording that can be stored."""

    code = "format_unsupported"
    status = 415

    def __init__(self) -> None:
        super().__init__(_("This browser's recording has a format nothing here reads."))


class StorageUnavailableError(RecordingError):
    """The disk or the object store refuses at the moment."""

    code = "storage_unavailable"
    status = 503
    retryable = True

    def __init__(self) -> None:
        super().__init__(
            _("The recording cannot be stored at the moment. It will be tried again."),
            retry_after=5,
        )


class StillArrivingError(RecordingError):
    """More was stored while the recording was being put together."""

    code = "still_arriving"
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("More of the recording arrived meanwhile."))


class AssemblyFailedError(RecordingError):
    """The chunks could not be made into a file; they are kept."""

    code = "assembly_failed"

    def __init__(self, message: object, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable
