"""The pipeline step “score”."""

from django.utils.translation import gettext as _

from assistant.scoring.judge import score_interview
from interviews.enums import Dimension
from interviews.models import Interview
from interviews.pipeline import StepLease, StepSkippedError


def run_score_step(interview: Interview, lease: StepLease) -> str:
    """Score the interview; a preview is not scored."""
    if interview.is_preview:
        raise StepSkippedError(_("Previews are not scored."))
    scorecard = score_interview(interview)
    lease.renew()
    established = scorecard.verdicts.filter(score__isnull=False).count()
    return _("Scorecard %(number)d: %(established)d of %(all)d established.") % {
        "number": scorecard.number,
        "established": established,
        "all": len(Dimension),
    }
