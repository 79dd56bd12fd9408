"""Every failure of the Messages API as a sentence somebody can act on."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import anthropic
import httpx2
from django.conf import settings
from django.utils.translation import gettext as _

from assistant.errors import ProviderError
from base.clock import now

LONGEST_WAIT_SECONDS = 60.0
# Who refuses with one of these will refuse the next one as well, for a while.
_CROWDED = frozenset({"rate_limit_error", "overloaded_error"})
_TOO_LONG = "prompt is too long"

# Exceptions a call may raise: the SDK's own, and the transport's, which the SDK
# lets through once a stream has begun.
FAILURES = (anthropic.APIError, httpx2.HTTPError)

_NEVER_REACHED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait, in whichever form they are named, within a bound."""
    seconds = _named_wait(headers)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)


def _named_wait(headers: Mapping[str, str]) -> float | None:
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return (until - now()).total_seconds()


def _number(value: str | None) -> float | None:
    try:
        found = float(value or "")
    except ValueError:
        return None
    return found if found == found and abs(found) != float("inf") else None


def _sentences() -> dict[str, tuple[str, bool]]:
    return {
        "invalid_request_error": (
            _("The assistant could not read this request. Shorten it and ask again."),
            False,
        ),
        "authentication_error": (
            _("The assistant's key is not accepted. The company has to mend it."),
            False,
        ),
        "billing_error": (
            _("The assistant's account needs attention. The company has to mend it."),
            False,
        ),
        "permission_error": (
            _(
                "The assistant's key may not use this model. The company has to mend it."
            ),
            False,
        ),
        "not_found_error": (
            _("The assistant's model does not exist. The company has to mend it."),
            False,
        ),
        "request_too_large": (
            _("This is more than the assistant can take at once. Send fewer files."),
            False,
        ),
        "context_exceeded": (
            _(
                "This conversation is longer than the assistant can read. Ask in a "
                "new one, or send fewer files."
            ),
            False,
        ),
        "rate_limit_error": (
            _("The assistant is asked too much at the moment. Try again shortly."),
            True,
        ),
        "overloaded_error": (
            _("The assistant is overloaded at the moment. Try again shortly."),
            True,
        ),
        "timeout_error": (
            _("The assistant took too long. Your code is safe; ask again."),
            True,
        ),
        "connection_error": (
            _("The connection to the assistant broke. Your code is safe; ask again."),
            True,
        ),
        "api_error": (
            _("The assistant failed on its side. Your code is safe; ask again."),
            True,
        ),
    }


_BY_STATUS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def _code_of(error: Exception) -> str:
    """Name the failure by its status, else by the body's type."""
    if isinstance(error, anthropic.APITimeoutError | httpx2.TimeoutException):
        return "timeout_error"
    if isinstance(error, TimeoutError):
        return "timeout_error"
    if isinstance(error, anthropic.APIStatusError):
        if error.status_code == 400 and _TOO_LONG in str(error.message):
            return "context_exceeded"
        by_status = _BY_STATUS.get(error.status_code)
        return by_status or (error.type or "api_error")
    if isinstance(error, anthropic.APIConnectionError | httpx2.TransportError):
        return "connection_error"
    return "api_error"


def translate_failure(error: Exception) -> ProviderError:
    """Return our error for a provider's failure; nothing of its text is shown."""
    wait = None
    if isinstance(error, anthropic.APIStatusError):
        wait = read_retry_after(error.response.headers)
    return _failure(
        _code_of(error),
        retry_after=wait,
        request_id=getattr(error, "request_id", None) or "",
        is_unbilled=_is_unbilled(error),
    )


def event_failure(error: Mapping[str, Any], request_id: str) -> ProviderError:
    """Return our error for an error event inside a stream, which had begun."""
    return _failure(str(error.get("type", "")), request_id=request_id)


def _failure(
    code: str,
    *,
    retry_after: float | None = None,
    request_id: str = "",
    is_unbilled: bool = False,
) -> ProviderError:
    sentences = _sentences()
    if code not in sentences:
        code = "api_error"
    message, retryable = sentences[code]
    return ProviderError(
        code,
        message,
        retryable=retryable,
        retry_after=retry_after,
        request_id=request_id,
        is_unbilled=is_unbilled,
    )


def name_wait(failure: ProviderError) -> ProviderError:
    """Say when to try again where the provider did not."""
    if failure.retry_after is None and failure.code in _CROWDED:
        failure.retry_after = settings.MODEL_CALLS["retry_after_seconds"]
    return failure


def unavailable(code: str, seconds: float) -> ProviderError:
    """Return the error for a call that was not made: it would have failed with `code`."""
    return _failure(code, retry_after=round(max(seconds, 1.0), 1), is_unbilled=True)


def _is_unbilled(error: Exception) -> bool:
    """Say whether the provider answered with an error, or was never reached.

    What a gateway gave up waiting for had begun: nobody knows what became of it.
    """
    if isinstance(error, anthropic.APIStatusError):
        by_status = _BY_STATUS.get(error.status_code)
        return error.status_code >= 400 and by_status != "timeout_error"
    cause = error.__cause__ or error
    return isinstance(cause, _NEVER_REACHED)


def incomplete_answer() -> ProviderError:
    """Return the error for a stream that stopped without saying why."""
    message = _sentences()["connection_error"][0]
    return ProviderError("incomplete_answer", message, retryable=True)


def garbled_answer() -> ProviderError:
    """Return the error for a stream that is none."""
    return _failure("api_error")
