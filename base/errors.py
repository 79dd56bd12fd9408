"""The shape every domain error has, so that each edge can translate it."""

from collections.abc import Mapping


class DomainError(Exception):
    """A refusal with a stable code and a sentence safe to show to the person.

    `retryable` says whether the same request may succeed later, `retry_after`
    after how many seconds; `status` is what an HTTP edge answers.
    """

    code = "error"
    status = 400
    retryable = False

    def __init__(self, message: object, *, retry_after: float | None = None) -> None:
        super().__init__(str(message))
        self.message = message
        self.retry_after = retry_after

    def as_frame(self, frame_id: str | None = None) -> Mapping[str, object]:
        """Return the error frame of the sockets (docs/protocol.md)."""
        frame: dict[str, object] = {
            "type": "error",
            "code": self.code,
            "message": str(self.message),
            "retryable": self.retryable,
        }
        if frame_id is not None:
            frame["id"] = frame_id
        if self.retry_after is not None:
            frame["retry_after"] = self.retry_after
        return frame
