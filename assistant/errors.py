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


class LimitReachedError(AssistantError):
    """The policy's tokens, calls or money of a minute or of the interview are used.

    With `retry_after` it is the minute, and the same may be asked again.
    """

    code = "limit_reached"
    status = 429

    def __init__(self, message: object, *, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.retryable = retry_after is not None


class NoHintsError(AssistantError):
    """There are no hints here: the policy, the assessment, or all were taken."""

    code = "no_hints"
    status = 409


class HintPendingError(AssistantError):
    """A hint is being written already; it comes to every page."""

    code = "hint_pending"
    status = 409
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("A hint is being written already."))


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


class UnknownInterviewError(AssistantError):
    """No such interview for whoever asks."""

    code = "unknown_interview"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("There is no such interview for you."))


class UnknownTurnError(AssistantError):
    """No such turn in this interview."""

    code = "unknown_turn"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("That answer is not part of this interview."))


class NotReplaceableError(AssistantError):
    """Only the last question of a conversation can be edited."""

    code = "not_replaceable"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("Only the last question can be edited. Ask a new one instead.")
        )


class BadUploadError(AssistantError):
    """A request that is not the form this address takes."""

    code = "bad_request"

    def __init__(self) -> None:
        super().__init__(_("This could not be read. Reload the page and try again."))


class NoPicturesError(AssistantError):
    """A model that may answer does not read pictures."""

    code = "no_pictures"
    status = 422

    def __init__(self) -> None:
        super().__init__(_("The assistant of this interview cannot see pictures."))


class BadPictureError(AssistantError):
    """What was sent is no picture that is taken, or too large a one."""

    code = "bad_picture"
    status = 422

    def __init__(self) -> None:
        super().__init__(
            _("This is no PNG, JPEG or WebP picture, or it is too large to be sent.")
        )


class TooManyPicturesError(AssistantError):
    """More pictures than one question, or one interview, may have."""

    code = "too_many_pictures"
    status = 409


class UnknownPictureError(AssistantError):
    """No such picture waits in this interview to be sent."""

    code = "unknown_picture"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("A picture is not there any more. Paste it again."))


class PictureNotStoredError(AssistantError):
    """The storage did not take a picture."""

    code = "not_stored"
    status = 503
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("The picture could not be stored. Try again in a moment."))


class PictureNotReadError(AssistantError):
    """The storage did not give a picture back; it may a moment later."""

    code = "picture_not_read"
    status = 503
    retryable = True

    def __init__(self) -> None:
        super().__init__(
            _(
                "A picture could not be read from our storage. Your question and the "
                "picture are safe; ask again in a moment."
            )
        )


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


class UnknownProposalError(AssistantError):
    """No such proposed edit, or part of it, in this interview."""

    code = "unknown_proposal"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("That proposal is not part of this interview."))


class UnknownQuestionError(AssistantError):
    """No such question of the assistant in this interview."""

    code = "unknown_question"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("That question is not part of this interview."))


class BadAnswerError(AssistantError):
    """An answer that the question does not offer."""

    code = "bad_answer"

    def __init__(self) -> None:
        super().__init__(_("Choose one of the answers, or skip the question."))
