"""What an interview uses, in the words of the ledger."""

from collections.abc import Mapping
from uuid import UUID

from billing.enums import Meter
from billing.services.calls import Call
from billing.services.ledger import record_quantity
from interviews.enums import RunKind
from interviews.models import Interview, Run, Terminal

SANDBOX = "sandbox"
_RUNNER = "runner"


def describe_use(
    interview: Interview,
    *,
    provider: str,
    purpose: str,
    model: str = "",
    labels: Mapping[str, str] | None = None,
    key_label: str = "",
    is_simulated: bool = False,
) -> Call:
    """Return what billing knows of something used for an interview.

    A preview counts like any interview: a colleague's try takes the organisation's
    sandbox and money just the same. What the sample claims to have used never was,
    so that it counts as simulated, whatever it is.
    """
    version = interview.assessment_version
    return Call(
        payer=str(interview.organisation_id),
        reference=str(interview.pk),
        provider=provider,
        model=model,
        purpose=purpose,
        group=str(version.assessment_id),
        labels={
            "assessment_version": str(version.pk),
            "person": str(interview.candidate_id),
            **(labels or {}),
        },
        key_label=key_label,
        is_simulated=is_simulated or interview.is_sample,
    )


def record_sandbox_time(run: Run, milliseconds: int) -> None:
    """Write how long a run had the sandbox, once; nothing for one that never had it.

    Locks the payer's account until the surrounding transaction ends, so it is called
    last in it. A row of hidden tests is used again by each judgement, and each is
    counted.
    """
    if milliseconds <= 0:
        return
    key = f"run:{run.pk}"
    if run.kind == RunKind.HIDDEN:
        key += f":{run.created_at:%Y%m%d%H%M%S%f}"
    call = describe_use(
        run.interview,
        provider=_RUNNER,
        purpose=SANDBOX,
        labels={"run": str(run.pk)},
    )
    record_quantity(call, Meter.SANDBOX, milliseconds, idempotency_key=key)


def record_terminal_time(
    interview: Interview, terminal: Terminal, milliseconds: int
) -> None:
    """Write how long an ended shell was used, once: the seconds in which it showed
    something. A prompt that waits costs nothing.

    Locks the payer's account: see `record_sandbox_time`.
    """
    if milliseconds <= 0:
        return
    call = describe_use(
        interview,
        provider=_RUNNER,
        purpose=SANDBOX,
        labels={"terminal": terminal.name},
    )
    key = f"terminal:{terminal.pk}:{terminal.ended_shell}"
    record_quantity(call, Meter.SANDBOX, milliseconds, idempotency_key=key)


def record_look_time(interview_id: UUID, milliseconds: int, *, window: str) -> None:
    """Write how long the looks at files of one window had the sandbox, once.

    Locks the payer's account, so it is called in no other transaction.
    """
    interview = Interview.objects.select_related("assessment_version").get(
        pk=interview_id
    )
    call = describe_use(interview, provider=_RUNNER, purpose=SANDBOX)
    key = f"looks:{window}"
    record_quantity(call, Meter.SANDBOX, milliseconds, idempotency_key=key)
