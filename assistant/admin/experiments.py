"""Experiments with wordings: set up, started, weighed, read, stopped with a winner."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from accounts.admin_base import SharedAdmin
from assistant.admin.base import PromptMedia, experiment_mark, is_operator
from assistant.enums import ExperimentState
from assistant.errors import ExperimentError
from assistant.models import Prompt, PromptExperiment, PromptVersion
from assistant.models.experiments import MAX_WEIGHT
from assistant.results import FEW, read_results
from assistant.services.activation import REASON_CHARS
from assistant.services.experiments import (
    change_weights,
    check_weights,
    create_experiment,
    discard_experiment,
    start_experiment,
    stop_experiment,
)
from base.errors import DomainError
from interviews.admin.operations import member
from interviews.admin.rows import Column, RowsField

_LIST = "admin:assistant_promptexperiment_changelist"


def _versions() -> QuerySet[PromptVersion]:
    return PromptVersion.objects.select_related("prompt")


def _shares_field() -> RowsField:
    return RowsField(
        [
            Column(
                "version",
                forms.ModelChoiceField(
                    _versions(),
                    label=gettext_lazy("Version"),
                    widget=UnfoldAdminSelectWidget,
                ),
            ),
            Column(
                "weight",
                forms.IntegerField(
                    label=gettext_lazy("Weight"),
                    min_value=0,
                    max_value=MAX_WEIGHT,
                    initial=1,
                    widget=UnfoldAdminIntegerFieldWidget,
                ),
            ),
        ],
        label=gettext_lazy("Variants"),
        add_label=gettext_lazy("Add a variant"),
        blank=2,
        help_text=gettext_lazy(
            "Versions of one prompt. Weights 1 and 1 give each half of the new "
            "interviews; with weight 0 a variant gets none."
        ),
    )


class ExperimentForm(forms.ModelForm[PromptExperiment]):
    """A name, and versions with their weights."""

    shares = _shares_field()

    class Meta:
        model = PromptExperiment
        fields = ["name"]

    def clean(self) -> dict[str, Any]:
        """Check the variants as the service will."""
        data = super().clean() or self.cleaned_data
        shares = data.get("shares")
        if not shares:
            return data
        weights = {row["version"]: row["weight"] for row in shares}
        if len(weights) < len(shares):
            self.add_error("shares", _("Each version once."))
            return data
        try:
            check_weights(shares[0]["version"].prompt, weights)
        except ExperimentError as error:
            self.add_error("shares", str(error.message))
        data["weights"] = weights
        return data


class StopForm(forms.Form):
    """Which variant is put into use, none of them by default, and why."""

    winner = forms.ModelChoiceField(PromptVersion.objects.none(), required=False)
    reason = forms.CharField(required=False, max_length=REASON_CHARS)

    def __init__(self, experiment: PromptExperiment, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        winner: Any = self.fields["winner"]
        winner.queryset = _versions().filter(
            pk__in=experiment.variants.values("version")
        )


@admin.register(PromptExperiment)
class PromptExperimentAdmin(PromptMedia, SharedAdmin[PromptExperiment]):
    """Wordings beside each other: who got which, and what came of it."""

    permission_object = "prompt"
    is_audited_by_service = True
    form = ExperimentForm
    list_display = ["name", "prompt", "mark", "interviews", "started_at", "stopped_at"]
    list_select_related = ["prompt"]
    list_filter = ["state", "prompt"]
    search_fields = ["name"]
    change_form_outer_before_template = "admin/assistant/_experiment.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptExperiment]:
        """Count the interviews."""
        queryset = super().get_queryset(request).select_related("prompt")
        return queryset.annotate(count=Count("assignments"))

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def mark(self, experiment: PromptExperiment) -> str:
        """Say where it stands."""
        return experiment_mark(experiment.state)

    @admin.display(description=gettext_lazy("interviews"), ordering="count")
    def interviews(self, experiment: Any) -> int:
        """Return how many interviews got a variant."""
        return int(experiment.count)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Prompts are the installation's: only its operator tries them out."""
        return is_operator(request)

    def get_fields(
        self, request: HttpRequest, obj: PromptExperiment | None = None
    ) -> Any:
        """Return the form of a new one, and facts afterwards."""
        if obj is None:
            return ["name", "shares"]
        return ["prompt", "mark", "created_at", "started_at", "stopped_at"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: PromptExperiment | None = None
    ) -> Any:
        """Return facts: what changes has forms of its own."""
        return [] if obj is None else self.get_fields(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start with what is in use and the newest version of the prompt named."""
        pk = request.GET.get("prompt", "")
        prompt = Prompt.objects.filter(pk=int(pk) if pk.isdecimal() else 0).first()
        if prompt is None:
            return {}
        newest = prompt.versions.exclude(pk=prompt.active_id or 0).first()
        chosen = [version for version in (prompt.active, newest) if version]
        return {"shares": [{"version": one.pk, "weight": 1} for one in chosen]}

    def save_model(
        self, request: HttpRequest, obj: PromptExperiment, form: Any, change: Any
    ) -> None:
        """Set it up; it starts with a button of its own."""
        weights = form.cleaned_data["weights"]
        prompt = next(iter(weights)).prompt
        made = create_experiment(
            prompt, name=obj.name, weights=weights, actor=request.user
        )
        for field in PromptExperiment._meta.concrete_fields:
            setattr(obj, field.attname, getattr(made, field.attname))
        obj._state.adding = False

    def response_add(
        self, request: HttpRequest, obj: PromptExperiment, post_url_continue: Any = None
    ) -> HttpResponse:
        """Go on to its page, where it is started."""
        return redirect(_page_of(obj))

    def get_urls(self) -> list[Any]:
        """Add one address for every step."""
        own = path(
            "<int:experiment_id>/do/<slug:step>/",
            self.admin_site.admin_view(step_view),
            name="assistant_promptexperiment_do",
        )
        return [own, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the result, and offer the operator the next step."""
        experiment = kwargs.get("obj")
        if experiment is not None:
            results = read_results(experiment)
            context |= {
                "experiment": experiment,
                "results": results,
                "few": FEW,
                "has_few": any(one.is_small for one in results),
                "simulated": sum(one.simulated for one in results),
                "is_draft": experiment.state == ExperimentState.DRAFT,
                "is_running": experiment.state == ExperimentState.RUNNING,
                "is_operator": is_operator(request),
                "reason_chars": REASON_CHARS,
                "max_weight": MAX_WEIGHT,
            }
        return super().render_change_form(request, context, *args, **kwargs)


def step_view(request: HttpRequest, experiment_id: int, step: str) -> HttpResponse:
    """Do one step of an experiment and go back to its page."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not is_operator(request):
        raise PermissionDenied
    experiment = PromptExperiment.objects.select_related("prompt").filter(
        pk=experiment_id
    )
    if step not in _STEPS or not experiment:
        raise Http404
    try:
        done = _STEPS[step](request, experiment[0])
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect(_page_of(experiment[0]))
    messages.success(request, done)
    return redirect(_LIST) if step == "discard" else redirect(_page_of(experiment[0]))


def _start(request: HttpRequest, experiment: PromptExperiment) -> str:
    start_experiment(experiment, actor=member(request))
    return _("New interviews get a variant from now on.")


def _weigh(request: HttpRequest, experiment: PromptExperiment) -> str:
    field = forms.IntegerField(min_value=0, max_value=MAX_WEIGHT)
    try:
        weights = {
            variant.version: field.clean(request.POST.get(f"weight-{variant.pk}"))
            for variant in experiment.variants.select_related("version")
        }
    except forms.ValidationError as error:
        raise ExperimentError(" ".join(error.messages)) from error
    change_weights(experiment, weights=weights, actor=member(request))
    return _("The weights hold for interviews that have no variant yet.")


def _stop(request: HttpRequest, experiment: PromptExperiment) -> str:
    form = StopForm(experiment, request.POST)
    if not form.is_valid():
        raise ExperimentError(_("The winner is none of the variants."))
    winner = form.cleaned_data["winner"]
    stop_experiment(
        experiment,
        winner=winner,
        actor=member(request),
        reason=form.cleaned_data["reason"],
    )
    if winner is None:
        return _("The experiment has stopped. What was in use is in use for everybody.")
    return _("The experiment has stopped. %(version)s is in use for everybody.") % {
        "version": winner
    }


def _discard(request: HttpRequest, experiment: PromptExperiment) -> str:
    discard_experiment(experiment, actor=member(request))
    return _("The experiment is deleted.")


_STEPS = {"start": _start, "weights": _weigh, "stop": _stop, "discard": _discard}


def _page_of(experiment: PromptExperiment) -> str:
    return reverse("admin:assistant_promptexperiment_change", args=[experiment.pk])
