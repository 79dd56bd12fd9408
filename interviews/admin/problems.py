"""Problems: edited as the newest version, each save keeps another one."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import OrganisationAdmin, ReadOnlyOrganisationAdmin
from interviews.admin.catalogue_filters import NewestTitleFilter
from interviews.admin.operations import BackOfficeMedia
from interviews.admin.problem_form import ProblemForm
from interviews.admin.versions import render_files, render_versions, report_version
from interviews.models import Problem, ProblemVersion
from interviews.selectors.back_office import problem_history
from interviews.services.catalogue import add_problem_version, create_problem

_CONTENT = [
    (
        None,
        {
            "fields": [
                "slug",
                "title",
                "summary",
                ("difficulty", "language", "minutes"),
                "statement",
            ]
        },
    ),
    (
        _("Files and commands"),
        {
            "fields": [
                "files",
                "archive",
                ("entry", "run_command"),
                ("tests_command", "tests_format"),
            ]
        },
    ),
    (_("For judging"), {"fields": ["hidden", "hints", "reference"]}),
]
_STATE = (_("State"), {"fields": ["is_archived", "versions"]})


@admin.register(Problem)
class ProblemAdmin(BackOfficeMedia, OrganisationAdmin[Problem]):
    """The library of problems."""

    permission_object = "problem"
    is_audited_by_service = True
    form = ProblemForm
    list_display = ["title", "slug", "language", "difficulty", "newest", "is_archived"]
    list_filter = ["is_archived"]
    search_fields = ["slug", "versions__title"]
    warn_unsaved_form = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Problem]:
        """Add the newest version's facts."""
        newest = ProblemVersion.objects.filter(problem=OuterRef("pk")).order_by(
            "-number"
        )
        names = ("title", "language", "difficulty", "number")
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

    def get_fieldsets(self, request: HttpRequest, obj: Problem | None = None) -> Any:
        """Show state and versions once there is one."""
        return [*_CONTENT, _STATE] if obj else _CONTENT

    def get_readonly_fields(
        self, request: HttpRequest, obj: Problem | None = None
    ) -> Any:
        """Keep the folder's name: workspaces use it."""
        return ["slug", "versions"] if obj else []

    @admin.display(description=_("title"), ordering="newest_title")
    def title(self, problem: Any) -> str:
        """Return the newest version's title."""
        return str(problem.newest_title or problem.slug)

    @admin.display(description=_("language"), ordering="newest_language")
    def language(self, problem: Any) -> str:
        """Return the newest version's language."""
        return problem.newest_language or ""

    @admin.display(description=_("difficulty"), ordering="newest_difficulty")
    def difficulty(self, problem: Any) -> str:
        """Return the newest version's difficulty."""
        return problem.newest_difficulty or ""

    @admin.display(description=_("version"), ordering="newest_number")
    def newest(self, problem: Any) -> str:
        """Return the newest version's number."""
        return f"v{problem.newest_number}" if problem.newest_number else ""

    @admin.display(description=_("versions"))
    def versions(self, problem: Problem) -> str:
        """Return the versions, newest first, and what changed in each."""
        return render_versions(problem_history(problem))

    def save_model(
        self, request: HttpRequest, obj: Problem, form: Any, change: Any
    ) -> None:
        """Keep the content as a new version, through the service."""
        author: Any = request.user
        if not change:
            made = create_problem(
                obj.organisation, slug=obj.slug, content=form.content, author=author
            )
            obj.pk, obj.created_at = made.pk, made.created_at
            obj._state.adding = False
            return
        obj.save(update_fields=["is_archived"])
        version = add_problem_version(obj, content=form.content, author=author)
        report_version(self, request, version)


@admin.register(ProblemVersion)
class ProblemVersionAdmin(BackOfficeMedia, ReadOnlyOrganisationAdmin[ProblemVersion]):
    """A problem as it was; read only."""

    organisation_path = "problem__organisation"
    permission_object = "problem"
    list_display = ["title", "number", "language", "difficulty", "created_at", "author"]
    list_select_related = ["author"]
    list_filter = [("problem", NewestTitleFilter), "language", "difficulty"]
    search_fields = ["title", "problem__slug"]
    fields = [
        "problem",
        "number",
        "title",
        "summary",
        "difficulty",
        "language",
        "minutes",
        "statement",
        "entry",
        "run_command",
        "tests",
        "starter",
        "solution",
        "hidden",
        "hints",
        "author",
        "created_at",
    ]
    readonly_fields = ["starter", "solution"]

    @admin.display(description=_("starter files"))
    def starter(self, version: ProblemVersion) -> str:
        """Return the files with their text."""
        return render_files(version.files)

    @admin.display(description=_("reference solution"))
    def solution(self, version: ProblemVersion) -> str:
        """Return the files with their text."""
        return render_files(version.reference)
