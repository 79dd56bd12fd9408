"""Behind it: pipeline steps with Retry, problem reports, scorecards."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin_base import OrganisationAdmin, ReadOnlyOrganisationAdmin
from interviews.admin.operations import (
    BackOfficeMedia,
    Operation,
    OperationsAdmin,
    do_each,
    member,
)
from interviews.admin.pages import review_path
from interviews.admin.versions import score_words, status_mark
from interviews.enums import StepState
from interviews.models import PipelineStep, ProblemReport, Scorecard
from interviews.selectors.review import STEP_TONES
from interviews.services import decisions


def step_mark(step: PipelineStep) -> str:
    """Return a step's state in words with a small mark."""
    return status_mark(
        step.get_state_display(), STEP_TONES.get(StepState(step.state), "")
    )


def retry_each(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    steps: QuerySet[PipelineStep],
) -> None:
    """Run the steps again."""
    done = ngettext_lazy("%d step will run again.", "%d steps will run again.")
    do_each(
        model_admin,
        request,
        steps,
        lambda one, actor: decisions.retry(one, actor=actor),
        done=done,
    )


@admin.register(PipelineStep)
class PipelineStepAdmin(
    BackOfficeMedia,
    ReadOnlyOrganisationAdmin[PipelineStep],
    OperationsAdmin[PipelineStep],
):
    """What happens after an interview."""

    organisation_path = "interview__organisation"
    permission_object = "pipeline"
    list_display = [
        "name",
        "interview",
        "state_mark",
        "attempts",
        "next_try_at",
        "message",
    ]
    list_filter = ["state", "name"]
    list_select_related = ["interview__candidate", "interview__assessment_version"]
    search_fields = ["interview__candidate__name", "interview__candidate__email"]
    ordering = ["-pk"]
    actions = ["retry"]
    operations = [Operation("retry", _("Retry"), "retry", "pipeline")]
    fields = [
        "interview",
        "name",
        "state_mark",
        "attempts",
        "next_try_at",
        "message",
        "started_at",
        "finished_at",
        "lease_until",
    ]
    readonly_fields = ["state_mark"]

    @admin.display(description=_("state"), ordering="state")
    def state_mark(self, step: PipelineStep) -> str:
        """Return the state in words with a small mark."""
        return step_mark(step)

    def run_retry(
        self, request: HttpRequest, obj: PipelineStep, values: dict[str, Any]
    ) -> str:
        """Run the step again."""
        decisions.retry(obj, actor=member(request))
        return _now("The step will run again.")

    @admin.action(description=_("Retry"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[PipelineStep]) -> None:
        """Run the steps again."""
        retry_each(self, request, queryset)


@admin.register(ProblemReport)
class ProblemReportAdmin(BackOfficeMedia, OrganisationAdmin[ProblemReport]):
    """“Something is wrong”: what candidates said, to be dealt with."""

    organisation_path = "interview__organisation"
    permission_object = "problem_report"
    list_display = ["interview", "page", "beginning", "created_at", "is_resolved"]
    list_filter = ["is_resolved", "page"]
    list_select_related = ["interview__candidate", "interview__assessment_version"]
    search_fields = ["interview__candidate__name", "interview__candidate__email"]
    actions = ["resolve"]
    fields = [
        "interview_link",
        "page",
        "message",
        "diagnostics",
        "created_at",
        "is_resolved",
    ]
    readonly_fields = ["interview_link", "page", "message", "diagnostics", "created_at"]

    @admin.display(description=_("message"))
    def beginning(self, report: ProblemReport) -> str:
        """Return the first words."""
        return report.message[:80]

    @admin.display(description=_("interview"))
    def interview_link(self, report: ProblemReport) -> str:
        """Link to the review desk."""
        return format_html(
            '<a class="text-link" href="{}">{}</a>',
            review_path(report.interview_id),
            report.interview,
        )

    @admin.action(description=_("Mark as dealt with"), permissions=["change"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[ProblemReport]) -> None:
        """Mark reports as dealt with."""
        done = ngettext_lazy("%d report is dealt with.", "%d reports are dealt with.")
        do_each(
            self,
            request,
            queryset.filter(is_resolved=False).select_related(
                "interview__organisation"
            ),
            lambda one, actor: decisions.resolve_report(one, actor=actor),
            done=done,
        )


@admin.register(Scorecard)
class ScorecardAdmin(BackOfficeMedia, ReadOnlyOrganisationAdmin[Scorecard]):
    """Every scoring there was; the review desk shows the newest of an interview."""

    organisation_path = "interview__organisation"
    permission_object = "scorecard"
    list_display = [
        "interview",
        "number",
        "model",
        "prompt_version",
        "is_simulated",
        "created_at",
    ]
    list_filter = ["is_simulated", "model"]
    list_select_related = ["interview__candidate", "interview__assessment_version"]
    search_fields = ["interview__candidate__name", "interview__candidate__email"]
    ordering = ["-created_at"]
    fields = [
        "interview",
        "number",
        "verdict_list",
        "summary",
        "model",
        "prompt_version",
        "is_simulated",
        "created_at",
    ]
    readonly_fields = ["verdict_list"]

    @admin.display(description=_("verdicts"))
    def verdict_list(self, scorecard: Scorecard) -> str:
        """Return a line for each dimension."""
        return "\n".join(
            f"{verdict.get_dimension_display()}: "
            f"{score_words(verdict.score, verdict.certainty)}"
            for verdict in scorecard.verdicts.all()
        )
