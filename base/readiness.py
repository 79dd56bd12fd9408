"""What must work before the product is ready; apps register their own checks."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Literal

logger = logging.getLogger(__name__)

Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """What one check found: a sentence for the operator, and how to mend it."""

    status: Status = "ok"
    message: str = ""
    mend: str = ""


@dataclass(frozen=True)
class Result:
    """A finding with the check's name, whether it is critical, and its time."""

    name: str
    status: Status
    message: str
    mend: str
    critical: bool
    milliseconds: int

    def as_dict(self) -> dict[str, object]:
        """Return the line of /readyz."""
        return asdict(self)


@dataclass(frozen=True)
class _Check:
    run: Callable[[], Finding]
    is_critical: bool


_checks: dict[str, _Check] = {}


def register_check(
    name: str, run: Callable[[], Finding], *, critical: bool = True
) -> None:
    """Have `run` asked by /readyz and doctor; a failed critical one answers 503.

    Registering a name again replaces its check. `run` returns within a few seconds
    and names no secret.
    """
    _checks[name] = _Check(run, critical)


def run_checks() -> list[Result]:
    """Run every check in the order of registration; none can break the others."""
    return [
        run_check(name, check.run, critical=check.is_critical)
        for name, check in _checks.items()
    ]


def overall_status(results: list[Result]) -> Status:
    """Return failed if a critical check failed, warning if anything else is wrong."""
    if any(result.critical and result.status == "failed" for result in results):
        return "failed"
    return "ok" if all(result.status == "ok" for result in results) else "warning"


def run_check(name: str, run: Callable[[], Finding], *, critical: bool) -> Result:
    """Run one check and time it; one that breaks has failed."""
    started = monotonic()
    try:
        finding = run()
    except Exception:  # a process edge: one broken check must not hide the others
        logger.exception("Readiness check %s broke", name)
        finding = Finding("failed", "The check itself broke.", "See the log.")
    return Result(
        name=name,
        status=finding.status,
        message=finding.message,
        mend=finding.mend,
        critical=critical,
        milliseconds=int((monotonic() - started) * 1000),
    )
