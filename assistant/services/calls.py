"""Writing the audit of calls to models."""

from collections.abc import Mapping

from assistant.models import ContextRequest, ModelCall, Turn
from assistant.providers.trace import CallTrace
from base.statements import insert_row
from billing.models import Usage
from interviews.models import Interview

# A provider's words are cut to the columns: no length may cost the row itself.
_LENGTHS: Mapping[str, int] = {
    "provider": 32,
    "asked": 100,
    "answered": 100,
    "fallback_from": 100,
    "key_label": 64,
    "request_id": 100,
    "error_code": 64,
    "stop_reason": 32,
}
_FIGURES = (
    "is_simulated",
    "tries",
    "status",
    "first_byte_ms",
    "first_token_ms",
    "duration_ms",
    "bytes_out",
    "bytes_in",
    "at",
)


def record_call(
    interview: Interview,
    trace: CallTrace,
    *,
    purpose: str,
    usage: Usage | None,
    turn: Turn | None = None,
    sent: ContextRequest | None = None,
) -> ModelCall:
    """Write one call, whatever became of it; joins the caller's transaction.

    `usage` is its row of the ledger; `sent` is, of a turn, the request kept last.
    """
    names = {name: getattr(trace, name)[:most] for name, most in _LENGTHS.items()}
    call = ModelCall(
        organisation_id=interview.organisation_id,
        interview=interview,
        turn=turn,
        step=0 if sent is None else sent.step,
        sent=sent,
        usage=usage,
        purpose=purpose,
        **names,
        **{name: getattr(trace, name) for name in _FIGURES},
    )
    insert_row(call)
    return call


def record_turn_call(
    turn: Turn,
    trace: CallTrace | None,
    usage: Usage | None,
    *,
    sent: ContextRequest | None = None,
    stop_reason: str = "",
    error_code: str = "",
) -> None:
    """Write a turn's call; of one whose process is gone, what the ledger knows of it.

    The request kept last goes along, `sent` where it is known: it is what was sent.
    A call that was stopped, or lost with its process, is no error of the provider's.
    """
    if usage is None:
        return
    if trace is None:
        trace = CallTrace(
            provider=usage.provider,
            asked=usage.model,
            key_label=usage.key_label,
            is_simulated=usage.is_simulated,
            answered=usage.model,
            request_id=usage.request_id,
            stop_reason=stop_reason,
            error_code=error_code,
            at=usage.at,
        )
    else:
        trace.end(stop_reason=stop_reason, error_code=error_code)
    if sent is None:
        sent = ContextRequest.objects.filter(turn=turn).order_by("step").last()
    record_call(
        turn.conversation.interview,
        trace,
        purpose=usage.purpose,
        usage=usage,
        turn=turn,
        sent=sent,
    )
