"""Domain errors of the assistant app."""

from django.utils.translation import gettext_lazy as _

from base.errors import DomainError


class AssistantError(DomainError):
    """Base of this app's errors."""

    code = "assistant_error"


class NotConfiguredError(AssistantError):
    """No key and no simulator; `mend` is for operators, never for candidates."""

    code = "not_configured"
    status = 503

    def __init__(self, mend: object) -> None:
        super().__init__(_("The assistant is not configured."))
        self.mend = mend


class AssistantOffError(AssistantError):
    """The assessment's policy is off."""

    code = "assistant_off"
    status = 403

    def __init__(self) -> None:
        super().__init__(_("The assistant is switched off in this interview."))


class MessageTooLongError(AssistantError):
    """The message, or the code in it, is over the limit."""

    code = "message_too_long"
    status = 413


class TooManyAsksError(AssistantError):
    """Asked too often; `retry_after` says when the next is taken."""

    code = "rate_limited"
    status = 429
    retryable = True


class TurnLiveError(AssistantError):
    """An answer is still being written."""

    code = "turn_live"
    status = 409
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("The assistant is still answering. Wait, or press Stop."))


class UnknownTurnError(AssistantError):
    """No such turn in this interview."""

    code = "unknown_turn"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("That answer is not part of this interview."))


class ProviderError(AssistantError):
    """The provider refused or failed; `code` is stable, the sentence is ours."""

    status = 502

    def __init__(
        self,
        code: str,
        message: object,
        *,
        retryable: bool,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.code = code
        self.retryable = retryable
