"""What happens after an interview: a registry of steps and the rows that run them.

State decides, the queue only hurries: `run_step` claims a row with a lease, so two
workers never do the same step, and the sweep starts again whatever stands still.
Upper apps register handlers in `AppConfig.ready`; `settings.PIPELINE_STEPS` orders
them.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from base.clock import now
from base.commits import after_commit
from base.errors import DomainError
from base.ids import new_token
from interviews.enums import InterviewState, StepState
from interviews.models import Interview, PipelineStep
from interviews.tasks import run_pipeline_step

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
_FIRST_WAIT = timedelta(seconds=15)
_LONGEST_WAIT = timedelta(minutes=15)
# How long a step may say that it is not ready before saying so counts as failing.
MOST_WAITING = timedelta(hours=1)
ENDED = (StepState.DONE, StepState.SKIPPED, StepState.FAILED)
SCORED_STATES = (InterviewState.COMPLETED, InterviewState.ABANDONED)


class StepSkippedError(Exception):
    """A handler found that there is nothing for it to do; the text says why."""


class StepNotReadyError(Exception):
    """A handler has to wait for something until `retry_at`; the text says for what.

    Costs no attempt, until the step has waited MOST_WAITING in all.
    """

    def __init__(self, message: object, *, retry_at: datetime) -> None:
        super().__init__(str(message))
        self.retry_at = retry_at


class StepLostError(Exception):
    """The step was taken over while its handler ran; what it did must not count."""


@dataclass(frozen=True)
class StepLease:
    """The right to run one step for `length`; `renew` prolongs it.

    `began_at` is when the step was first tried since it was made or set back.
    """

    step_id: int
    token: str
    length: timedelta
    began_at: datetime = field(default_factory=now)

    def renew(self) -> None:
        """Prolong the lease. Raises StepLostError when another worker has the step."""
        if not self._mine().update(lease_until=now() + self.length):
            raise StepLostError(self.step_id)

    def _mine(self) -> "QuerySet[PipelineStep]":
        return PipelineStep.objects.filter(
            pk=self.step_id, lease_token=self.token, state=StepState.RUNNING
        )

    def finish(self, state: str, message: str) -> bool:
        """Write the outcome if the lease is still ours."""
        return self._release(state=state, message=message[:300], finished_at=now())

    def put_back(self, wait: timedelta, message: str) -> bool:
        """Make the step wait for its next try."""
        return self._release(
            state=StepState.WAITING, message=message[:300], next_try_at=now() + wait
        )

    def wait_until(self, retry_at: datetime, message: str) -> bool:
        """Make the step wait as if it had not been tried."""
        return self._release(
            state=StepState.WAITING,
            message=message[:300],
            next_try_at=retry_at,
            attempts=F("attempts") - 1,
        )

    def _release(self, **values: Any) -> bool:
        return bool(self._mine().update(lease_until=None, lease_token="", **values))


Handler = Callable[[Interview, StepLease], str]


@dataclass(frozen=True)
class StepDefinition:
    """A named handler; it returns a sentence about what it did, must be idempotent."""

    name: str
    handler: Handler
    lease: timedelta


_definitions: dict[str, StepDefinition] = {}


def register_step(
    name: str, handler: Handler, *, lease: timedelta = timedelta(minutes=10)
) -> None:
    """Register the handler of a step; called from `AppConfig.ready`."""
    _definitions[name] = StepDefinition(name, handler, lease)


def start_pipeline(interview: Interview, *, not_before: datetime | None = None) -> None:
    """Create the steps of an ended interview, or set them back after a reopening.

    Called inside the transaction that ends the interview. A step still at work on
    what was there before the reopening loses its lease: its end does not count.
    """
    begins_at = max(now(), not_before) if not_before else now()
    for position, name in enumerate(settings.PIPELINE_STEPS):
        step, is_new = PipelineStep.objects.get_or_create(
            interview=interview,
            name=name,
            defaults={"position": position, "next_try_at": begins_at},
        )
        if not is_new:
            _set_back(PipelineStep.objects.filter(pk=step.pk), begins_at)
    if begins_at > now():
        _wake_later(interview, begins_at)
    else:
        wake_pipeline(interview)


def reset_step(step: PipelineStep) -> None:
    """Set one step back to waiting, with all its attempts; a running one is left."""
    mine = PipelineStep.objects.filter(pk=step.pk)
    _set_back(mine.exclude(state=StepState.RUNNING))


def _set_back(
    steps: "QuerySet[PipelineStep]", begins_at: datetime | None = None
) -> None:
    steps.update(
        state=StepState.WAITING,
        attempts=0,
        next_try_at=begins_at or now(),
        message="",
        started_at=None,
        finished_at=None,
        lease_token="",
        lease_until=None,
    )


def retry_step(step: PipelineStep) -> None:
    """Run an ended step again on a person's wish."""
    with transaction.atomic():
        reset_step(step)
        wake_pipeline(step.interview)


def wake_pipeline(interview: Interview) -> None:
    """After commit, tell a worker about the interview's next due step.

    A queue that cannot be reached fails nobody: the sweep wakes the step later.
    """
    interview_id = interview.pk

    def wake() -> None:
        step = next_step(interview_id)
        if step is not None:
            run_pipeline_step.delay(step_id=step.pk)

    transaction.on_commit(wake, robust=True)


def _wake_later(interview: Interview, at: datetime) -> None:
    """After commit, have a worker told of the first step when it is due."""
    step = _pending().filter(interview=interview).order_by("position").first()
    if step is None:
        return
    after_commit(run_pipeline_step.apply_async, kwargs={"step_id": step.pk}, eta=at)


def next_step(interview_id: UUID) -> PipelineStep | None:
    """Return the first step that has not ended, if it is free to run now.

    None while the interview goes on after a reopening. A failed step does not hold
    up the later ones: a score without a recording is better than none, and says what
    it had to do without.
    """
    step = _pending().filter(interview_id=interview_id).order_by("position").first()
    return step if step is not None and _is_free(step) else None


def _pending() -> "QuerySet[PipelineStep]":
    return PipelineStep.objects.filter(interview__state__in=SCORED_STATES).exclude(
        state__in=ENDED
    )


def _is_free(step: PipelineStep) -> bool:
    if step.next_try_at > now():
        return False
    if step.state != StepState.RUNNING:
        return True
    return step.lease_until is None or step.lease_until <= now()


def claim_step(step_id: int) -> StepLease | None:
    """Take the step with one guarded update; None when somebody else has it."""
    step = PipelineStep.objects.filter(pk=step_id).first()
    if step is None or next_step(step.interview_id) != step:
        return None
    definition = _definitions[step.name]
    token, began_at = new_token(), step.started_at or now()
    free = Q(state=StepState.WAITING, next_try_at__lte=now()) | Q(
        state=StepState.RUNNING, lease_until__lt=now()
    )
    claimed = PipelineStep.objects.filter(free, pk=step_id).update(
        state=StepState.RUNNING,
        attempts=F("attempts") + 1,
        started_at=began_at,
        lease_token=token,
        lease_until=now() + definition.lease,
    )
    lease = StepLease(step_id, token, definition.lease, began_at)
    return lease if claimed else None


def run_step(step_id: int) -> None:
    """Claim a step, run its handler, write how it ended, wake the next one.

    Runs at a worker's edge: every failure ends in the row, none is raised.
    """
    lease = claim_step(step_id)
    if lease is None:
        return
    step = PipelineStep.objects.select_related("interview").get(pk=step_id)
    try:
        if step.attempts > MAX_ATTEMPTS:
            lease.finish(StepState.FAILED, step.message or _("Given up."))
        else:
            message = _definitions[step.name].handler(step.interview, lease)
            lease.finish(StepState.DONE, message)
    except StepSkippedError as skipped:
        lease.finish(StepState.SKIPPED, str(skipped))
    except StepNotReadyError as not_ready:
        _wait(lease, step, not_ready)
    except StepLostError:
        logger.warning("Step %s was taken over", step_id)
    except DomainError as error:
        _fail(lease, step, str(error.message), is_final=not error.retryable)
    except Exception as error:
        logger.exception("Step %s failed", step_id)
        _fail(lease, step, type(error).__name__, is_final=False)
    wake_pipeline(step.interview)


def _wait(lease: StepLease, step: PipelineStep, not_ready: StepNotReadyError) -> None:
    if now() - lease.began_at < MOST_WAITING:
        retry_at = max(not_ready.retry_at, now() + _FIRST_WAIT)
        lease.wait_until(retry_at, str(not_ready))
    else:
        _fail(lease, step, str(not_ready), is_final=False)


def _fail(
    lease: StepLease, step: PipelineStep, message: str, *, is_final: bool
) -> None:
    if is_final or step.attempts >= MAX_ATTEMPTS:
        lease.finish(StepState.FAILED, message)
    else:
        wait = min(_FIRST_WAIT * 2 ** (step.attempts - 1), _LONGEST_WAIT)
        lease.put_back(wait, message)


def sweep_steps() -> int:
    """Wake every interview with a due step; return how many. Safe to run often."""
    steps = _pending().order_by("-position")
    first_of = {step.interview_id: step for step in steps}
    due = [step for step in first_of.values() if _is_free(step)]
    for step in due:
        run_pipeline_step.delay(step_id=step.pk)
    return len(due)
