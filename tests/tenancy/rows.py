"""One row of any model for any organisation: what the tenancy tests go through."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from django.contrib import admin
from django.db.models import Model

from accounts.admin_base import OrganisationAdmin, SharedAdmin
from accounts.models import AuditEntry, Membership, Organisation, Outbox
from assistant import models as assistant
from billing import models as billing
from interviews import models as interviews
from recordings import models as recordings
from tests.factories import assistant as assistant_rows
from tests.factories import billing as billing_rows
from tests.factories import interviews as interview_rows
from tests.factories import recordings as recording_rows
from tests.factories.accounts import (
    AuditEntryFactory,
    MembershipFactory,
    OutboxFactory,
)

Make = Callable[[Organisation], Model]
_numbers = count()


def _direct(factory: Any) -> Make:
    return lambda organisation: factory.create(organisation=organisation)


def _of_interview(factory: Any) -> Make:
    return lambda organisation: factory.create(interview__organisation=organisation)


def _account(organisation: Organisation) -> billing.Account:
    return billing.Account.objects.get_or_create(payer=str(organisation.pk))[0]


def _window(organisation: Organisation) -> billing.SpendWindow:
    window: billing.SpendWindow = billing_rows.SpendWindowFactory.create(
        payer=str(organisation.pk), subject=f"interview-{next(_numbers)}"
    )
    return window


def _problem(organisation: Organisation) -> Model:
    version = interview_rows.ProblemVersionFactory.create(
        problem__organisation=organisation
    )
    return version.problem


def _assessment(organisation: Organisation) -> Model:
    return interview_rows.AssessmentVersionFactory.create(
        organisation=organisation
    ).assessment


MAKE: Mapping[type[Model], Make] = {
    Organisation: lambda organisation: organisation,
    Membership: _direct(MembershipFactory),
    AuditEntry: _direct(AuditEntryFactory),
    Outbox: _direct(OutboxFactory),
    interviews.Problem: _problem,
    interviews.ProblemVersion: lambda organisation: (
        interview_rows.ProblemVersionFactory.create(problem__organisation=organisation)
    ),
    interviews.Rubric: _direct(interview_rows.RubricFactory),
    interviews.Assessment: _assessment,
    interviews.AssessmentVersion: _direct(interview_rows.AssessmentVersionFactory),
    interviews.Candidate: _direct(interview_rows.CandidateFactory),
    interviews.Invitation: lambda organisation: (
        interview_rows.InterviewFactory.create(organisation=organisation).invitation
    ),
    interviews.Interview: _direct(interview_rows.InterviewFactory),
    interviews.Document: _of_interview(interview_rows.DocumentFactory),
    interviews.Run: _of_interview(interview_rows.RunFactory),
    interviews.PipelineStep: _of_interview(interview_rows.PipelineStepFactory),
    interviews.ProblemReport: _of_interview(interview_rows.ProblemReportFactory),
    interviews.Consent: _of_interview(interview_rows.ConsentFactory),
    interviews.Event: _of_interview(interview_rows.EventFactory),
    interviews.Scorecard: _of_interview(interview_rows.ScorecardFactory),
    interviews.Review: _of_interview(interview_rows.ReviewFactory),
    recordings.Recording: _of_interview(recording_rows.RecordingFactory),
    assistant.Conversation: _of_interview(assistant_rows.ConversationFactory),
    assistant.ScoreRun: _of_interview(assistant_rows.ScoreRunFactory),
    assistant.Turn: lambda organisation: assistant_rows.TurnFactory.create(
        conversation__interview__organisation=organisation
    ),
    assistant.Message: lambda organisation: assistant_rows.MessageFactory.create(
        turn__conversation__interview__organisation=organisation
    ),
    assistant.ContextBlock: _of_interview(assistant_rows.ContextBlockFactory),
    assistant.ContextEpoch: lambda organisation: (
        assistant_rows.ContextEpochFactory.create(
            conversation__interview__organisation=organisation
        )
    ),
    assistant.ContextItem: lambda organisation: (
        assistant_rows.ContextItemFactory.create(
            epoch__conversation__interview__organisation=organisation
        )
    ),
    assistant.ContextRequest: lambda organisation: (
        assistant_rows.ContextRequestFactory.create(
            epoch__conversation__interview__organisation=organisation
        )
    ),
    assistant.Prompt: lambda _organisation: (
        assistant_rows.PromptVersionFactory.create().prompt
    ),
    assistant.PromptVersion: lambda _organisation: (
        assistant_rows.PromptVersionFactory.create()
    ),
    assistant.PromptExperiment: lambda _organisation: (
        assistant_rows.PromptExperimentFactory.create()
    ),
    assistant.ModelCall: _of_interview(assistant_rows.ModelCallFactory),
    assistant.ModelVersion: lambda _organisation: (
        assistant_rows.ModelVersionFactory.create()
    ),
    assistant.ModelAssignment: lambda _organisation: (
        assistant_rows.ModelAssignmentFactory.create()
    ),
    assistant.ModelChoice: lambda organisation: (
        assistant_rows.ModelChoiceFactory.create(
            assessment_version__organisation=organisation
        )
    ),
    billing.Usage: lambda organisation: billing_rows.UsageFactory.create(
        payer=str(organisation.pk)
    ),
    billing.ModelPrice: lambda _organisation: billing_rows.ModelPriceFactory.create(),
    billing.MeterPrice: lambda _organisation: billing_rows.MeterPriceFactory.create(),
    billing.Account: _account,
    billing.Budget: lambda organisation: billing_rows.BudgetFactory.create(
        payer=str(organisation.pk), subject=f"interview-{next(_numbers)}"
    ),
    billing.SpendWindow: _window,
    billing.BudgetAlert: lambda organisation: billing_rows.BudgetAlertFactory.create(
        window=_window(organisation)
    ),
    billing.Reservation: lambda organisation: billing_rows.ReservationFactory.create(
        account=_account(organisation)
    ),
}

PAGES: list[OrganisationAdmin[Any]] = [
    page
    for page in admin.site._registry.values()
    if isinstance(page, OrganisationAdmin)
]
OWNED_PAGES = [page for page in PAGES if not isinstance(page, SharedAdmin)]


def label(page: OrganisationAdmin[Any]) -> str:
    """Name a page in a test's id."""
    return str(page.model._meta.label_lower)


def make_row(page: OrganisationAdmin[Any], organisation: Organisation) -> Model:
    """Create a row the page shows to the organisation's members."""
    return MAKE[page.model](organisation)
