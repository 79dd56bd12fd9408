"""Every failure of the Messages API as a sentence somebody can act on."""

import anthropic
import httpx2
from django.utils.translation import gettext as _

from assistant.errors import ProviderError

LONGEST_WAIT_SECONDS = 60.0

# Exceptions a call may raise: the SDK's own, and the transport's, which the SDK
# lets through once a stream has begun.
FAILURES = (anthropic.APIError, httpx2.HTTPError)

_NEVER_REACHED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def _retry_after(error: anthropic.APIStatusError) -> float | None:
    value = error.response.headers.get("retry-after")
    try:
        return min(float(value), LONGEST_WAIT_SECONDS) if value else None
    except ValueError:
        return None


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
    """Name the failure by the body's type where there is one, else by status.

    An error event inside a running stream has status 200; only its type says
    what happened (anthropic 2.11, `_streaming.py`).
    """
    if isinstance(error, anthropic.APITimeoutError | httpx2.TimeoutException):
        return "timeout_error"
    if isinstance(error, anthropic.APIStatusError):
        by_status = _BY_STATUS.get(error.status_code)
        return by_status or (error.type or "api_error")
    if isinstance(error, anthropic.APIConnectionError | httpx2.TransportError):
        return "connection_error"
    return "api_error"


def translate_failure(error: Exception) -> ProviderError:
    """Return our error for a provider's failure; nothing of its text is shown."""
    code = _code_of(error)
    sentences = _sentences()
    if code not in sentences:
        code = "api_error"
    message, retryable = sentences[code]
    wait = _retry_after(error) if isinstance(error, anthropic.APIStatusError) else None
    return ProviderError(
        code,
        message,
        retryable=retryable,
        retry_after=wait,
        request_id=getattr(error, "request_id", None) or "",
        is_unbilled=_is_unbilled(error),
    )


def _is_unbilled(error: Exception) -> bool:
    """Say whether the provider answered with an error, or was never reached.

    An error event inside a stream has status 200: that call had begun. So had one
    that a gateway gave up waiting for: nobody knows what became of it.
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
