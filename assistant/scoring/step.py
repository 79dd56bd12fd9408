"""The pipeline step “score”."""

from datetime import timedelta

from django.utils.translation import gettext as _

from assistant.errors import TooManyAsksError
from assistant.scoring.judge import score_interview
from assistant.services.fates import record_fates
from base.clock import now
from interviews.enums import Dimension, StepState
from interviews.models import Interview, Scorecard
from interviews.pipeline import (
    StepLease,
    StepLostError,
    StepNotReadyError,
    StepSkippedError,
)


def run_score_step(interview: Interview, lease: StepLease) -> str:
    """Score the interview and end the step; a preview is not scored.

    It waits where the organisation asks too much of models at the moment.

    Before that, what is left of accepted edits goes on record.

    The scorecard and the step's end are one transaction: an attempt that was killed
    or has lost the step leaves no scorecard behind.
    """
    record_fates(interview.pk)
    if interview.is_preview:
        raise StepSkippedError(_("Previews are not scored."))

    def end(scorecard: Scorecard) -> None:
        if not lease.finish(StepState.DONE, describe(scorecard)):
            raise StepLostError(lease.step_id)

    try:
        return describe(score_interview(interview, on_written=end))
    except TooManyAsksError as error:
        wait = timedelta(seconds=error.retry_after or 0)
        raise StepNotReadyError(error.message, retry_at=now() + wait) from error


def describe(scorecard: Scorecard) -> str:
    """Say in a sentence what the scorecard establishes."""
    established = scorecard.verdicts.filter(score__isnull=False).count()
    return _("Scorecard %(number)d: %(established)d of %(all)d established.") % {
        "number": scorecard.number,
        "established": established,
        "all": len(Dimension),
    }
