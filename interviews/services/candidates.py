"""What a candidate does around the room: agree, check the devices, begin, report."""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import JsonValue

from accounts.services.mail import queue_mail
from base.clock import now
from base.text import shorten
from interviews.consent_text import FilledConsent, fill_consent
from interviews.enums import InterviewState, Origin
from interviews.errors import InterviewError, WrongStateError
from interviews.models import Consent, Interview, ProblemReport
from interviews.selectors.records import last_device_check
from interviews.services.clock import total_seconds
from interviews.services.documents import seed_workspace
from interviews.services.lifecycle import (
    UNSTARTED_STATES,
    lock_interview,
    prepare_interview,
    start_interview,
)
from interviews.timeline.kinds import ConsentGiven, DeviceChecked, ProblemReported
from interviews.timeline.log import append_event
from interviews.workspace.changes import clean_text

REPORTS_AT_ONCE = 5
REPORTS_WINDOW = timedelta(minutes=10)
CHECK_REPEATED_WITHIN = timedelta(minutes=1)


class TooManyReportsError(InterviewError):
    """More reports than anybody needs to send at once."""

    code = "rate_limited"
    status = 429
    retryable = True

    def __init__(self) -> None:
        super().__init__(
            _("You have sent several reports; they have arrived. Wait ten minutes."),
            retry_after=REPORTS_WINDOW.total_seconds(),
        )


class OutdatedConsentError(InterviewError):
    """The text was replaced by a newer version while the candidate read it."""

    code = "consent_outdated"
    status = 409

    def __init__(self) -> None:
        super().__init__(_("The text has changed since you opened it."))


class NotReadyError(WrongStateError):
    """The devices were not checked yet."""

    def __init__(self) -> None:
        super().__init__(_("Check your devices before you start."))


def is_media_recorded(interview: Interview) -> bool:
    """Say whether camera and microphone are recorded; never in a preview."""
    return interview.assessment_version.is_recorded and not interview.is_preview


def is_screen_recorded(interview: Interview) -> bool:
    """Say whether the candidate is asked to share the screen; never in a preview."""
    return is_media_recorded(interview) and interview.assessment_version.records_screen


def is_presence_noted(interview: Interview) -> bool:
    """Say whether facts of presence are kept; never in a preview."""
    return interview.assessment_version.notes_presence and not interview.is_preview


def consent_for(interview: Interview, language: str) -> FilledConsent:
    """Return the text this candidate is asked to agree to."""
    return fill_consent(
        interview.assessment_version,
        interview.organisation,
        language=language,
        is_recorded=is_media_recorded(interview),
        minutes=ceil(total_seconds(interview.invitation) / 60),
    )


@transaction.atomic
def record_consent(interview_id: UUID, *, version: str, language: str) -> Consent:
    """Store what the candidate agreed to and go on to the check; repeatable.

    Raises OutdatedConsentError when `version` is not the current one, and
    WrongStateError once the interview is over or was called off.
    """
    interview = lock_interview(interview_id)
    given = interview.consents.filter(version=version).first()
    if given is not None:
        return given
    if interview.state not in UNSTARTED_STATES:
        raise WrongStateError
    filled = consent_for(interview, language)
    if filled.version != version:
        raise OutdatedConsentError
    consent = Consent.objects.create(
        interview=interview,
        version=filled.version,
        text=filled.text,
        language=filled.language,
    )
    append_event(
        interview,
        ConsentGiven(consent_version=filled.version, language=filled.language),
        origin=Origin.CANDIDATE,
    )
    prepare_interview(interview_id)
    return consent


@transaction.atomic
def record_device_check(interview_id: UUID, *, result: DeviceChecked) -> None:
    """Note how the device check ended. Raises WrongStateError after the start.

    The same result again within a minute is a repeated click and leaves no event.
    """
    interview = lock_interview(interview_id)
    if interview.state != InterviewState.PREPARING:
        raise WrongStateError
    checked_before, interview.device_checked_at = interview.device_checked_at, now()
    interview.save(update_fields=["device_checked_at"])
    is_recent = (
        checked_before is not None
        and interview.device_checked_at - checked_before < CHECK_REPEATED_WITHIN
    )
    last = last_device_check(interview)
    if not (is_recent and last == result):
        append_event(interview, result, origin=Origin.CANDIDATE)


@transaction.atomic
def begin_interview(interview_id: UUID) -> Interview:
    """Start the clock and put the starter files in place; repeatable.

    Raises WrongStateError before the consent, NotReadyError before the check.
    """
    interview = lock_interview(interview_id)
    is_waiting = interview.state == InterviewState.PREPARING
    if is_waiting and interview.device_checked_at is None:
        raise NotReadyError
    interview = start_interview(interview_id)
    if is_waiting:
        seed_workspace(interview)
    return interview


@transaction.atomic
def report_problem(
    interview_id: UUID,
    *,
    page: str,
    message: str,
    diagnostics: Mapping[str, JsonValue],
) -> ProblemReport:
    """Store “Something is wrong” and tell the company. Raises TooManyReportsError."""
    interview = lock_interview(interview_id)
    recent = interview.problem_reports.filter(created_at__gt=now() - REPORTS_WINDOW)
    if recent.count() >= REPORTS_AT_ONCE:
        raise TooManyReportsError
    report = ProblemReport.objects.create(
        interview=interview,
        page=shorten(page, 40),
        message=shorten(clean_text(message), 4000),
        diagnostics=dict(diagnostics),
    )
    queue_mail(
        interview.organisation,
        to=interview.organisation.contact_email,
        template="problem_report",
        context={
            "candidate": interview.candidate,
            "interview": interview,
            "assessment": interview.assessment_version,
            "report": report,
            "lines": report.message.splitlines(),
        },
    )
    append_event(
        interview,
        ProblemReported(report=report.pk, page=report.page),
        origin=Origin.CANDIDATE,
    )
    return report
