"""The list of interviews: what is going on, who needs somebody; pages are the review desk."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import date as format_date
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from accounts.admin_base import ReadOnlyOrganisationAdmin
from base.clock import now
from interviews.admin.catalogue_filters import NewestTitleFilter
from interviews.admin.interview_filters import NeedsFilter, PreviewFilter
from interviews.admin.interview_time import show_faults, show_ledger
from interviews.admin.interviewers import WatchedAdmin
from interviews.admin.invitations import resend_each, revoke_each
from interviews.admin.operations import BackOfficeMedia, do_each, may
from interviews.admin.pages import build_patterns, review_path
from interviews.admin.steps import retry_each
from interviews.admin.versions import score_words, status_mark
from interviews.enums import InterviewState, StepState
from interviews.models import Interview, Invitation, PipelineStep
from interviews.selectors.back_office import annotate_interviews, costs_of, raised_flags
from interviews.services import decisions

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList

    _ActionForm = forms.Form
else:
    from unfold.views import ChangeList

    _ActionForm = ActionForm

STATE_TONES = {
    InterviewState.ACTIVE: "busy",
    InterviewState.COMPLETED: "good",
    InterviewState.ABANDONED: "warning",
    InterviewState.EXPIRED: "warning",
}


class InterviewActionForm(_ActionForm):
    """The action, and what some actions need."""

    minutes = forms.CharField(
        label="",
        required=False,
        widget=UnfoldAdminIntegerFieldWidget(
            {
                "class": "bo-minutes",
                "placeholder": _("Minutes"),
                "aria-label": _("Minutes"),
            }
        ),
    )
    reason = forms.CharField(
        label="",
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(
            {
                "class": "bo-reason",
                "placeholder": _("Reason"),
                "aria-label": _("Reason"),
            }
        ),
    )


class InterviewList(ChangeList):
    """Adds the costs of the rows on the page, and links rows to the review desk."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, then its costs with one query."""
        super().get_results(request)
        costs = costs_of(row.pk for row in self.result_list)
        for row in self.result_list:
            row.cost = costs.get(str(row.pk))

    def url_for_result(self, result: Any) -> str:
        """Return the address of the review desk."""
        return review_path(result)


@admin.register(Interview)
class InterviewAdmin(
    BackOfficeMedia, WatchedAdmin, ReadOnlyOrganisationAdmin[Interview]
):
    """Interviews; the page of one is the review desk."""

    permission_object = "interview"
    list_display = [
        "candidate",
        "assessment",
        "state_mark",
        "needs",
        "last_activity",
        "score",
        "cost",
    ]
    list_select_related = ["candidate", "assessment_version", "cursor"]
    list_filter = [
        NeedsFilter,
        "state",
        ("assessment_version__assessment", NewestTitleFilter),
        PreviewFilter,
    ]
    search_fields = ["candidate__name", "candidate__email"]
    action_form = InterviewActionForm
    fields = [
        "desk",
        "candidate",
        "assessment_version",
        "state_mark",
        "started_at",
        "ends_at",
        "ended_at",
        "last_seen_at",
        "created_at",
        "time_ledger",
        "fault_list",
    ]
    readonly_fields = ["desk", "state_mark", "time_ledger", "fault_list"]
    actions = [
        "extend",
        "reopen",
        "cancel",
        "resend",
        "revoke",
        "rescore",
        "retry_failed",
    ]

    def get_urls(self) -> list[Any]:
        """Hang in the pages that apps above registered."""
        return [*build_patterns(), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Use the list with costs."""
        return InterviewList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interview]:
        """Add flags and scores."""
        return annotate_interviews(super().get_queryset(request))

    def get_list_display(self, request: HttpRequest) -> Any:
        """Leave out what the role may not see."""
        hidden = {
            column
            for column, name in (("score", "scorecard"), ("cost", "cost"))
            if not may(request, "view", name)
        }
        return [name for name in self.list_display if name not in hidden]

    def has_resend_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask the table about invitations."""
        return may(request, "resend", "invitation")

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask the table about invitations."""
        return may(request, "revoke", "invitation")

    def has_rescore_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask the table about scorecards."""
        return may(request, "rescore", "scorecard")

    def has_retry_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask the table about the pipeline."""
        return may(request, "retry", "pipeline")

    @admin.display(description=_("review desk"))
    def desk(self, interview: Interview) -> str:
        """Link to the page with everything about this interview."""
        words = _("Open the review desk")
        return format_html(
            '<a class="text-link" href="{}">{}</a>', review_path(interview), words
        )

    @admin.display(description=_("assessment"), ordering="assessment_version__title")
    def assessment(self, interview: Interview) -> str:
        """Return what was asked."""
        return interview.assessment_version.title

    @admin.display(description=_("state"), ordering="state")
    def state_mark(self, interview: Interview) -> str:
        """Return the state in words with a small mark."""
        tone = STATE_TONES.get(InterviewState(interview.state), "")
        return status_mark(interview.get_state_display(), tone)

    @admin.display(description=_("time"))
    def time_ledger(self, interview: Interview) -> str:
        """Return the lines of the ledger."""
        return show_ledger(interview)

    @admin.display(description=_("faults of ours"))
    def fault_list(self, interview: Interview) -> str:
        """Return what took time from the candidate, and what is still owed."""
        return show_faults(interview)

    @admin.display(description=_("needs somebody"))
    def needs(self, interview: Interview) -> str:
        """Return the flags raised."""
        return format_html_join(
            " ",
            '<span class="bo-status {}">{}</span>',
            ((flag.tone, flag.label) for flag in raised_flags(interview)),
        )

    @admin.display(description=_("last activity"), ordering="cursor__last_at")
    def last_activity(self, interview: Interview) -> str:
        """Return how long ago something happened."""
        cursor = getattr(interview, "cursor", None)
        at = cursor.last_at if cursor and cursor.last_seq else interview.created_at
        age = now() - at
        if age.days >= 1:
            return format_date(at, "j M Y, H:i T")
        if age.total_seconds() < 60:
            return _now("just now")
        return _now("%(age)s ago") % {"age": timesince(at, depth=1)}

    @admin.display(description=_("overall score"), ordering="overall_score")
    def score(self, interview: Any) -> str:
        """Return the newest overall score with the judge's certainty."""
        if interview.overall_card is None:
            return ""
        text = score_words(interview.overall_score, interview.overall_certainty)
        if interview.overall_is_simulated:
            return f"{text} ({_now('simulated')})"
        return text

    @admin.display(description=_("cost"))
    def cost(self, interview: Any) -> str:
        """Return US dollars; calls without a known price are said."""
        cost = getattr(interview, "cost", None)
        if cost is None:
            return ""
        text = f"${cost.usd:.4f}"
        return f"{text} + {_now('unknown')}" if cost.unknown_calls else text

    @admin.action(description=_("Extend"), permissions=["extend"])
    def extend(self, request: HttpRequest, queryset: QuerySet[Interview]) -> None:
        """Give running interviews more minutes; needs minutes and a reason."""
        done = ngettext_lazy("%d interview is extended.", "%d interviews are extended.")
        given = self._given(request, needs_minutes=True)
        self._decide(request, queryset, decisions.give_time, given, done)

    @admin.action(description=_("Reopen"), permissions=["reopen"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Interview]) -> None:
        """Let ended interviews go on; needs minutes and a reason."""
        done = ngettext_lazy("%d interview is reopened.", "%d interviews are reopened.")
        given = self._given(request, needs_minutes=True)
        self._decide(request, queryset, decisions.reopen, given, done)

    @admin.action(description=_("Cancel"), permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Interview]) -> None:
        """Take interviews back; needs a reason."""
        done = ngettext_lazy(
            "%d interview is cancelled.", "%d interviews are cancelled."
        )
        given = self._given(request, needs_minutes=False)
        self._decide(request, queryset, decisions.cancel, given, done)

    @admin.action(description=_("Score again"), permissions=["rescore"])
    def rescore(self, request: HttpRequest, queryset: QuerySet[Interview]) -> None:
        """Have ended interviews scored again."""
        done = ngettext_lazy(
            "%d interview will be scored again.", "%d interviews will be scored again."
        )
        self._decide(request, queryset, decisions.rescore, {}, done)

    @admin.action(description=_("Send the e-mail again"), permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Interview]) -> None:
        """Mail the links again."""
        resend_each(self, request, _invitations_of(queryset))

    @admin.action(description=_("Revoke the link"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Interview]) -> None:
        """Make the links invalid."""
        revoke_each(self, request, _invitations_of(queryset))

    @admin.action(description=_("Retry the steps that failed"), permissions=["retry"])
    def retry_failed(self, request: HttpRequest, queryset: QuerySet[Interview]) -> None:
        """Run failed steps again."""
        failed = PipelineStep.objects.filter(
            state=StepState.FAILED, interview__in=queryset.values("pk")
        )
        retry_each(self, request, failed)

    def _decide(
        self,
        request: HttpRequest,
        queryset: QuerySet[Interview],
        decide: Callable[..., object],
        given: dict[str, Any] | None,
        done: Any,
    ) -> None:
        """Call a service for each interview with what was given; None is a fault."""
        if given is not None:
            do_each(
                self,
                request,
                queryset,
                lambda one, actor: decide(one.pk, actor=actor, **given),
                done=done,
            )

    def _given(
        self, request: HttpRequest, *, needs_minutes: bool
    ) -> dict[str, Any] | None:
        """Return minutes and reason; None, with a message, when one is missing."""
        reason = request.POST.get("reason", "").strip()[:200]
        minutes = request.POST.get("minutes", "")
        if not reason:
            self.message_user(request, _("Give a reason first."), messages.ERROR)
            return None
        if not needs_minutes:
            return {"reason": reason}
        if not minutes.isdigit() or not 1 <= int(minutes) <= 240:
            text = _("Say how many minutes, from 1 to 240.")
            self.message_user(request, text, messages.ERROR)
            return None
        return {"reason": reason, "minutes": int(minutes)}


def _invitations_of(interviews: QuerySet[Interview]) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        interview__in=interviews.values("pk")
    ).select_related("candidate", "interview")
