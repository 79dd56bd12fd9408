"""Assembly on a person's wish: now, in this process, for one interview or several."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from base.clock import now
from interviews.enums import StepState
from interviews.models import PipelineStep
from interviews.pipeline import SCORED_STATES, reset_step, run_step
from recordings.media.points import Observer
from recordings.models import Chunk
from recordings.services.intake import STEP
from recordings.services.renditions import queue_renditions
from recordings.services.watching import watched_by

# A step that has waited this long past its time is not only waiting.
STUCK_AFTER = timedelta(minutes=15)
_GOOD = (StepState.DONE, StepState.SKIPPED)


@dataclass(frozen=True)
class Finalised:
    """How the assembly of an interview stands now; `state` is that of its step."""

    interview_id: UUID
    state: str
    message: str

    @property
    def is_success(self) -> bool:
        """Whether the recording is as whole as it can be."""
        return self.state in _GOOD


def list_stuck() -> Iterator[UUID]:
    """Yield the ended interviews whose assembly failed, or stands still."""
    late = now() - STUCK_AFTER
    stuck = (
        Q(state=StepState.FAILED)
        | Q(state=StepState.WAITING, next_try_at__lt=late)
        | Q(state=StepState.RUNNING, lease_until__lt=now())
    )
    steps = PipelineStep.objects.filter(
        stuck, name=STEP, interview__state__in=SCORED_STATES
    )
    yield from steps.order_by("pk").values_list("interview_id", flat=True)


def count_chunks(interview_id: UUID) -> int:
    """Return how many chunks an interview has, to show progress by."""
    return Chunk.objects.filter(segment__recording__interview_id=interview_id).count()


def finalise(interview_id: UUID, *, force: bool, observer: Observer) -> Finalised:
    """Assemble an interview's recordings now; `force` does it anew where it is done.

    A step that failed gets all its attempts again, one that waits for its time does
    not wait. What another worker is doing is left to it. Where nothing is to be
    assembled, renditions that are wanted and missing are queued.
    """
    step = _find_step(interview_id)
    if step is None:
        return Finalised(interview_id, "unknown", _("No such ended interview."))
    if step.state in _GOOD and not force:
        with transaction.atomic():
            for recording in step.interview.recordings.all():
                queue_renditions(recording)
        return _describe(step)
    if force or step.state == StepState.FAILED:
        reset_step(step)
    PipelineStep.objects.filter(pk=step.pk, state=StepState.WAITING).update(
        next_try_at=now()
    )
    with watched_by(observer):
        run_step(step.pk)
    step.refresh_from_db()
    return _describe(step)


def _find_step(interview_id: UUID) -> PipelineStep | None:
    steps = PipelineStep.objects.select_related("interview")
    return steps.filter(
        interview_id=interview_id,
        interview__state__in=SCORED_STATES,
        name=STEP,
    ).first()


def _describe(step: PipelineStep) -> Finalised:
    message = step.message
    if step.state == StepState.RUNNING:
        message = _("Another worker is at it.")
    return Finalised(step.interview_id, step.state, message)
