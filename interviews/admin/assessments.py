"""Assessments: edited as the newest version, previewed as a candidate."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ReadOnlyOrganisationAdmin
from interviews.admin.assessment_form import AssessmentForm
from interviews.admin.catalogue_filters import NewestTitleFilter
from interviews.admin.operations import BackOfficeMedia, Operation, OperationsAdmin
from interviews.admin.versions import render_versions, report_version
from interviews.errors import WrongStateError
from interviews.models import Assessment, AssessmentVersion
from interviews.selectors.back_office import assessment_history
from interviews.services.catalogue import add_assessment_version, create_assessment
from interviews.services.previews import create_preview, entry_path

_CONTENT = [
    (None, {"fields": ["slug", "title", "description", "sections"]}),
    (
        _("Rules"),
        {
            "fields": [
                ("duration_minutes", "policy"),
                "applies_edits",
                "has_hints",
                "assistant_limits",
                "rubric",
                "is_search_allowed",
                "allowed_notes",
                "is_interviewer_typing_allowed",
                "is_recorded",
                "records_screen",
                "notes_presence",
                "shows_cost",
                "retention_days",
            ]
        },
    ),
]
_STATE = (_("State"), {"fields": ["is_archived", "versions"]})


@admin.register(Assessment)
class AssessmentAdmin(BackOfficeMedia, OperationsAdmin[Assessment]):
    """The kinds of interviews that can be sent."""

    permission_object = "assessment"
    is_audited_by_service = True
    form = AssessmentForm
    list_display = ["title", "slug", "minutes", "newest", "is_archived"]
    list_filter = ["is_archived"]
    search_fields = ["slug", "versions__title"]
    warn_unsaved_form = True
    operations = [
        Operation(
            "preview",
            _("Preview as a candidate"),
            "preview",
            "assessment",
            help=_("Opens the newest version. Nothing is recorded or counted."),
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assessment]:
        """Add the newest version's facts."""
        newest = AssessmentVersion.objects.filter(assessment=OuterRef("pk")).order_by(
            "-number"
        )
        names = ("title", "duration_minutes", "number")
        return (
            super()
            .get_queryset(request)
            .annotate(
                **{
                    f"newest_{name}": Subquery(newest.values(name)[:1])
                    for name in names
                }
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Assessment | None = None) -> Any:
        """Show state and versions once there is one."""
        return [*_CONTENT, _STATE] if obj else _CONTENT

    def get_readonly_fields(
        self, request: HttpRequest, obj: Assessment | None = None
    ) -> Any:
        """Keep the slug: commands and links use it."""
        return ["slug", "versions"] if obj else []

    @admin.display(description=_("title"), ordering="newest_title")
    def title(self, assessment: Any) -> str:
        """Return the newest version's title."""
        return str(assessment.newest_title or assessment.slug)

    @admin.display(description=_("minutes"), ordering="newest_duration_minutes")
    def minutes(self, assessment: Any) -> Any:
        """Return the newest version's time."""
        return assessment.newest_duration_minutes

    @admin.display(description=_("version"), ordering="newest_number")
    def newest(self, assessment: Any) -> str:
        """Return the newest version's number."""
        return f"v{assessment.newest_number}" if assessment.newest_number else ""

    @admin.display(description=_("versions"))
    def versions(self, assessment: Assessment) -> str:
        """Return the versions, newest first, and what changed in each."""
        return render_versions(assessment_history(assessment))

    def save_model(
        self, request: HttpRequest, obj: Assessment, form: Any, change: Any
    ) -> None:
        """Keep the content as a new version, through the service."""
        parts: dict[str, Any] = {
            "content": form.content,
            "rubric": form.cleaned_data["rubric"],
            "sections": form.cleaned_data["sections"],
            "author": request.user,
        }
        if not change:
            made = create_assessment(obj.organisation, slug=obj.slug, **parts)
            obj.pk, obj.created_at = made.pk, made.created_at
            obj._state.adding = False
            return
        obj.save(update_fields=["is_archived"])
        report_version(self, request, add_assessment_version(obj, **parts))

    def run_preview(
        self, request: HttpRequest, obj: Assessment, values: dict[str, Any]
    ) -> HttpResponse:
        """Make a preview interview and go to its entry."""
        version = obj.versions.first()
        if version is None:
            raise WrongStateError(_now("There is no version to preview yet."))
        if not request.user.is_authenticated:
            raise PermissionDenied
        invitation = create_preview(version, actor=request.user)
        return HttpResponseRedirect(entry_path(invitation))


@admin.register(AssessmentVersion)
class AssessmentVersionAdmin(
    BackOfficeMedia, ReadOnlyOrganisationAdmin[AssessmentVersion]
):
    """An assessment as it was; read only."""

    organisation_path = "assessment__organisation"
    permission_object = "assessment"
    list_display = ["title", "number", "duration_minutes", "policy", "created_at"]
    list_filter = [("assessment", NewestTitleFilter), "policy"]
    search_fields = ["title", "assessment__slug"]
    fields = [
        "assessment",
        "number",
        "title",
        "description",
        "problems",
        "duration_minutes",
        "policy",
        "applies_edits",
        "has_hints",
        "assistant_limits",
        "rubric",
        "is_search_allowed",
        "allowed_notes",
        "is_interviewer_typing_allowed",
        "is_recorded",
        "records_screen",
        "notes_presence",
        "shows_cost",
        "retention_days",
        "author",
        "created_at",
    ]
    readonly_fields = ["problems"]

    @admin.display(description=_("problems, in order"))
    def problems(self, version: AssessmentVersion) -> str:
        """Return the pinned problem versions."""
        sections = version.sections.select_related("problem_version")
        return "\n".join(str(section) for section in sections)
