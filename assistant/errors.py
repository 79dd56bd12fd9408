"""Domain errors of the assistant app."""

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from base.errors import DomainError
from billing.enums import Scope
from billing.errors import BudgetExceededError


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


class TurnQueueFullError(AssistantError):
    """An answer is being written and one more question waits already."""

    code = "turn_queue_full"
    status = 409
    retryable = True

    def __init__(self) -> None:
        super().__init__(
            _(
                "One question is waiting already. Wait for the answer, or take the "
                "waiting question back."
            )
        )


class TooManyConversationsError(AssistantError):
    """The interview has as many conversations as it may."""

    code = "too_many_conversations"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("This interview has as many conversations as it can have. Go on in one.")
        )


class UnknownTurnError(AssistantError):
    """No such turn in this interview."""

    code = "unknown_turn"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("That answer is not part of this interview."))


class BudgetSpentError(AssistantError):
    """A hard limit leaves no room. Candidates get no figures, staff get them all.

    `is_exhausted` says that nothing is left. Otherwise calls under way hold the rest:
    a smaller call might fit, and the same one may later.
    """

    code = "budget_exceeded"
    status = 402

    def __init__(self, cause: BudgetExceededError, *, for_staff: bool = False) -> None:
        self.is_exhausted = cause.spent >= cause.limit
        self.retryable = not self.is_exhausted
        words = _for_staff if for_staff else _for_candidate
        super().__init__(words(cause, is_exhausted=self.is_exhausted))


def _for_candidate(cause: BudgetExceededError, *, is_exhausted: bool) -> StrOrPromise:
    if not is_exhausted:
        return _("The assistant is busy with other questions. Try again in a moment.")
    if cause.scope == Scope.REFERENCE:
        return _(
            "The assistant's budget for this interview is used up. Everything else "
            "goes on: your files, the tests and your time."
        )
    return _(
        "The company's budget for the assistant is used up for now. Everything else "
        "goes on: your files, the tests and your time."
    )


def _for_staff(cause: BudgetExceededError, *, is_exhausted: bool) -> StrOrPromise:
    words = (
        _(
            "The budget is used up (%(budget)s): %(spent)s of %(limit)s US dollars. "
            "Raise it, then try again."
        )
        if is_exhausted
        else _(
            "Calls under way hold the rest of the budget (%(budget)s): %(spent)s of "
            "%(limit)s US dollars are spent."
        )
    )
    budget = ", ".join(filter(None, [str(cause.scope.label), cause.purpose]))
    return words % {
        "budget": budget,
        "spent": f"{cause.spent:.2f}",
        "limit": f"{cause.limit:.2f}",
    }


class SpendingStoppedError(AssistantError):
    """The kill switch is on, for this organisation or for everybody."""

    code = "spending_stopped"
    status = 402

    def __init__(self, *, for_staff: bool = False) -> None:
        super().__init__(
            _("Spending on models is stopped. Allow it again, then try again.")
            if for_staff
            else _(
                "The company has switched the assistant off for now. Everything else "
                "goes on: your files, the tests and your time."
            )
        )


class ProviderError(AssistantError):
    """The provider refused or failed; `code` is stable, the sentence is ours.

    `is_unbilled` says that it refused before doing anything, which costs nothing.
    """

    status = 502

    def __init__(
        self,
        code: str,
        message: object,
        *,
        retryable: bool,
        retry_after: float | None = None,
        request_id: str = "",
        is_unbilled: bool = False,
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.code = code
        self.retryable = retryable
        self.request_id = request_id
        self.is_unbilled = is_unbilled

    @property
    def is_fault(self) -> bool:
        """Whether the provider failed, or we did, and not what was asked."""
        return self.code not in (
            "invalid_request_error",
            "request_too_large",
            "context_exceeded",
        )


class PromptTextError(AssistantError):
    """A wording that cannot be filled in; the message names every fault."""

    code = "prompt_text"
    status = 422


class PromptFixedError(AssistantError):
    """The wording is no draft any more."""

    code = "prompt_fixed"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            _(
                "This version is fixed: answers may name it. Start a new draft from it "
                "instead."
            )
        )


class NothingToRollBackError(AssistantError):
    """Nothing was in use before."""

    code = "nothing_to_roll_back"
    status = 409

    def __init__(self) -> None:
        super().__init__(_("No other version was in use before this one."))


class ExperimentError(AssistantError):
    """The experiment is not in a state, or not of a shape, for this."""

    code = "experiment"
    status = 409
