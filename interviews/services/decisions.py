"""What members do about an interview; each leaves an audit row.

`lifecycle` and `pipeline` do the work; here stand the rules for a person's wish and
the trace of who wished it. All raise WrongStateError when it cannot be done.
"""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_audit
from interviews.enums import ENDED_STATES, Decision, Origin, StepState
from interviews.errors import WrongStateError
from interviews.models import (
    Interview,
    Invitation,
    PipelineStep,
    ProblemReport,
    Review,
)
from interviews.pipeline import retry_step
from interviews.services import lifecycle
from interviews.services.invitations import revoke_invitation, send_invitation
from interviews.timeline.kinds import ReviewRecorded
from interviews.timeline.log import append_event

SCORE_STEP = "score"


@transaction.atomic
def decide_interview(
    interview_id: UUID, *, decision: str, reason: str, actor: User
) -> Review:
    """Write down a decision; earlier ones stay on record."""
    interview = lifecycle.lock_interview(interview_id)
    if interview.state not in ENDED_STATES:
        raise WrongStateError(_("Decide once the interview is over."))
    if interview.is_preview:
        raise WrongStateError(_("A preview is not decided on."))
    review = Review.objects.create(
        interview=interview,
        reviewer=actor,
        decision=Decision(decision),
        reason=reason.strip(),
    )
    record_audit(
        actor,
        interview.organisation,
        "interview.decided",
        interview,
        {"decision": review.decision, "review": review.pk},
    )
    append_event(
        interview,
        ReviewRecorded(review=review.pk, decision=review.decision),
        origin=Origin.SYSTEM,
    )
    return review


@transaction.atomic
def give_time(
    interview_id: UUID, *, minutes: int, reason: str, actor: User
) -> Interview:
    """Extend a running interview."""
    interview = lifecycle.extend_interview(
        interview_id, seconds=minutes * 60, reason=reason, actor=actor
    )
    details = {"minutes": minutes, "reason": reason}
    record_audit(
        actor, interview.organisation, "interview.extended", interview, details
    )
    return interview


@transaction.atomic
def reopen(interview_id: UUID, *, minutes: int, reason: str, actor: User) -> Interview:
    """Let an ended interview go on with so many minutes left."""
    interview = lifecycle.reopen_interview(
        interview_id, seconds=minutes * 60, reason=reason, actor=actor
    )
    details = {"minutes": minutes, "reason": reason}
    record_audit(
        actor, interview.organisation, "interview.reopened", interview, details
    )
    return interview


@transaction.atomic
def give_back(interview_id: UUID, *, actor: User) -> Interview:
    """Let an ended interview go on with the time that faults proven too late took."""
    seconds = lifecycle.reopen_for_faults(interview_id, actor=actor)
    interview = Interview.objects.select_related("organisation").get(pk=interview_id)
    details = {"seconds": seconds, "reason": "faults"}
    record_audit(
        actor, interview.organisation, "interview.reopened", interview, details
    )
    return interview


@transaction.atomic
def cancel(interview_id: UUID, *, reason: str, actor: User) -> Interview:
    """Take an interview back before or while it runs."""
    interview = lifecycle.cancel_interview(interview_id, reason=reason, actor=actor)
    record_audit(
        actor,
        interview.organisation,
        "interview.cancelled",
        interview,
        {"reason": reason},
    )
    return interview


@transaction.atomic
def rescore(interview_id: UUID, *, actor: User) -> None:
    """Have an ended interview scored again; the earlier scorecards stay."""
    interview = lifecycle.lock_interview(interview_id)
    if interview.state not in ENDED_STATES:
        raise WrongStateError(_("Only an interview that is over can be scored."))
    if interview.is_preview:
        raise WrongStateError(_("Previews are not scored."))
    step, _is_new = PipelineStep.objects.get_or_create(
        interview=interview,
        name=SCORE_STEP,
        defaults={"position": settings.PIPELINE_STEPS.index(SCORE_STEP)},
    )
    if step.state == StepState.RUNNING:
        raise WrongStateError(_("The interview is being scored right now."))
    retry_step(step)
    record_audit(actor, interview.organisation, "interview.rescored", interview)


@transaction.atomic
def retry(step: PipelineStep, *, actor: User) -> None:
    """Run an ended or waiting step again at once, with all its attempts."""
    step = PipelineStep.objects.select_for_update(of=("self",)).get(pk=step.pk)
    if step.state == StepState.RUNNING:
        raise WrongStateError(_("This step is running right now."))
    retry_step(step)
    record_audit(
        actor,
        step.interview.organisation,
        "pipeline.retried",
        step,
        {"step": step.name, "interview": str(step.interview_id)},
    )


@transaction.atomic
def resend(invitation: Invitation, *, actor: User) -> None:
    """Mail the same link again."""
    if invitation.candidate.is_preview:
        raise WrongStateError(_("A preview is not mailed."))
    if invitation.interview.state not in lifecycle.OPEN_STATES:
        raise WrongStateError(_("This interview is over."))
    send_invitation(invitation)
    record_audit(actor, invitation.organisation, "invitation.resent", invitation)


@transaction.atomic
def revoke(invitation: Invitation, *, actor: User) -> None:
    """Make every link sent so far invalid."""
    if invitation.revoked_at is not None:
        raise WrongStateError(_("This invitation was revoked already."))
    revoke_invitation(invitation)
    record_audit(actor, invitation.organisation, "invitation.revoked", invitation)


@transaction.atomic
def resolve_report(report: ProblemReport, *, actor: User) -> None:
    """Mark what a candidate reported as dealt with."""
    is_first = ProblemReport.objects.filter(pk=report.pk, is_resolved=False).update(
        is_resolved=True
    )
    if not is_first:
        raise WrongStateError(_("This report was dealt with already."))
    record_audit(actor, report.interview.organisation, "problemreport.resolved", report)
