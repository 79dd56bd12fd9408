"""What happens after an interview: a registry of steps and the rows that run them.

State decides, the queue only hurries: `run_step` claims a row with a lease, so two
workers never do the same step, and the sweep starts again whatever stands still.
Upper apps register handlers in `AppConfig.ready`; `settings.PIPELINE_STEPS` orders
them.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from base.clock import now
from base.errors import DomainError
from base.ids import new_token
from interviews.enums import InterviewState, StepState
from interviews.models import Interview, PipelineStep
from interviews.tasks import run_pipeline_step

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
_FIRST_WAIT = timedelta(seconds=15)
_LONGEST_WAIT = timedelta(minutes=15)
ENDED = (StepState.DONE, StepState.SKIPPED, StepState.FAILED)
SCORED_STATES = (InterviewState.COMPLETED, InterviewState.ABANDONED)


class StepSkippedError(Exception):
    """A handler found that there is nothing for it to do; the text says why."""


class StepLostError(Exception):
    """The step was taken over while its handler ran; what it did must not count."""


@dataclass(frozen=True)
class StepLease:
    """The right to run one step until `until`; `renew` prolongs it."""

    step_id: int
    token: str
    length: timedelta

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
        return bool(
            self._mine().update(
                state=state,
                message=message[:300],
                finished_at=now(),
                lease_until=None,
                lease_token="",
            )
        )

    def put_back(self, wait: timedelta, message: str) -> bool:
        """Make the step wait for its next try."""
        return bool(
            self._mine().update(
                state=StepState.WAITING,
                message=message[:300],
                next_try_at=now() + wait,
                lease_until=None,
                lease_token="",
            )
        )


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


def start_pipeline(interview: Interview) -> None:
    """Create the steps of an ended interview, or set them back after a reopening.

    Called inside the transaction that ends the interview.
    """
    for position, name in enumerate(settings.PIPELINE_STEPS):
        step, is_new = PipelineStep.objects.get_or_create(
            interview=interview, name=name, defaults={"position": position}
        )
        if not is_new:
            reset_step(step)
    wake_pipeline(interview)


def reset_step(step: PipelineStep) -> None:
    """Set one step back to waiting, with all its attempts; a running one is left."""
    PipelineStep.objects.filter(pk=step.pk).exclude(state=StepState.RUNNING).update(
        state=StepState.WAITING,
        attempts=0,
        next_try_at=now(),
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
    """After commit, tell a worker about the interview's next due step."""
    interview_id = interview.pk

    def wake() -> None:
        step = next_step(interview_id)
        if step is not None:
            run_pipeline_step.delay(step_id=step.pk)

    transaction.on_commit(wake)


def next_step(interview_id: UUID) -> PipelineStep | None:
    """Return the first step that has not ended, if it is free to run now.

    A failed step does not hold up the later ones: a score without a recording is
    better than none, and says what it had to do without.
    """
    step = (
        PipelineStep.objects.filter(interview_id=interview_id)
        .exclude(state__in=ENDED)
        .order_by("position")
        .first()
    )
    if step is None or step.next_try_at > now():
        return None
    if step.state == StepState.RUNNING and (step.lease_until or now()) > now():
        return None
    return step


def claim_step(step_id: int) -> StepLease | None:
    """Take the step with one guarded update; None when somebody else has it."""
    step = PipelineStep.objects.filter(pk=step_id).first()
    if step is None or next_step(step.interview_id) != step:
        return None
    definition = _definitions[step.name]
    token = new_token()
    free = Q(state=StepState.WAITING, next_try_at__lte=now()) | Q(
        state=StepState.RUNNING, lease_until__lt=now()
    )
    claimed = PipelineStep.objects.filter(free, pk=step_id).update(
        state=StepState.RUNNING,
        attempts=F("attempts") + 1,
        started_at=now(),
        lease_token=token,
        lease_until=now() + definition.lease,
    )
    return StepLease(step_id, token, definition.lease) if claimed else None


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
    except StepLostError:
        logger.warning("Step %s was taken over", step_id)
    except DomainError as error:
        _fail(lease, step, str(error.message), is_final=not error.retryable)
    except Exception as error:
        logger.exception("Step %s failed", step_id)
        _fail(lease, step, type(error).__name__, is_final=False)
    wake_pipeline(step.interview)


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
    interview_ids = (
        PipelineStep.objects.exclude(state__in=ENDED)
        .order_by()
        .values_list("interview_id", flat=True)
        .distinct()
    )
    woken = 0
    for interview_id in interview_ids:
        step = next_step(interview_id)
        if step is not None:
            run_pipeline_step.delay(step_id=step.pk)
            woken += 1
    return woken
