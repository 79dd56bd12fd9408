"""Rubrics: each save is a new version with all its items."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.admin_base import OrganisationAdmin
from interviews.admin.operations import BackOfficeMedia
from interviews.admin.rows import Column, RowsField
from interviews.admin.versions import render_versions, report_version
from interviews.enums import Dimension
from interviews.models import Rubric
from interviews.selectors.back_office import newest_rubrics, rubric_history
from interviews.services.catalogue import rubric_lines, save_rubric
from interviews.services.catalogue_content import RubricLine, describe_fault


def _paragraph(label: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=UnfoldAdminTextareaWidget({"rows": 3}))


class RubricForm(forms.ModelForm[Rubric]):
    """A rubric's title and items."""

    lines = RowsField(
        [
            Column(
                "title",
                forms.CharField(
                    label=_("Title"), max_length=120, widget=UnfoldAdminTextInputWidget
                ),
            ),
            Column(
                "dimension",
                forms.ChoiceField(
                    label=_("Dimension"),
                    choices=Dimension.choices,
                    widget=UnfoldAdminSelectWidget,
                ),
            ),
            Column(
                "weight",
                forms.IntegerField(
                    label=_("Weight, 1 to 10"),
                    min_value=1,
                    max_value=10,
                    initial=1,
                    widget=UnfoldAdminIntegerFieldWidget,
                ),
            ),
            Column("good", _paragraph(_("What good looks like")), is_wide=True),
            Column("poor", _paragraph(_("What poor looks like")), is_wide=True),
        ],
        label=_("Items"),
        add_label=_("Add an item"),
        help_text=_("Empty a title to remove its item."),
    )

    content: list[RubricLine]

    class Meta:
        model = Rubric
        fields = ["slug", "title"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        if instance and instance.pk:
            rows = [line.model_dump(mode="json") for line in rubric_lines(instance)]
            kwargs["initial"] = {"lines": rows, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Check the items as the library will keep them."""
        data = super().clean() or self.cleaned_data
        try:
            self.content = [RubricLine(**row) for row in data.get("lines", [])]
        except ValidationError as error:
            raise forms.ValidationError(describe_fault(error)) from error
        return data


class VersionFilter(admin.SimpleListFilter):
    """Show the newest version of each rubric unless all are asked for."""

    title = _("versions")
    parameter_name = "versions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one alternative."""
        return [("all", _("All versions"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Rubric]
    ) -> QuerySet[Rubric]:
        """Leave only the newest unless asked otherwise."""
        return queryset if self.value() == "all" else newest_rubrics(queryset)

    def choices(self, changelist: Any) -> Any:
        """Name the default."""
        first, *rest = super().choices(changelist)
        return [{**first, "display": _("Newest")}, *rest]


@admin.register(Rubric)
class RubricAdmin(BackOfficeMedia, OrganisationAdmin[Rubric]):
    """What good looks like."""

    permission_object = "rubric"
    is_audited_by_service = True
    form = RubricForm
    list_display = ["title", "slug", "number", "created_at"]
    list_filter = [VersionFilter]
    search_fields = ["title", "slug"]
    warn_unsaved_form = True

    def get_fields(self, request: HttpRequest, obj: Rubric | None = None) -> Any:
        """Show the versions once there is one."""
        added = ["number", "versions"] if obj else []
        return ["slug", "title", "lines", *added]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Rubric | None = None
    ) -> Any:
        """Keep the slug: it ties the versions together."""
        return ["slug", "number", "versions"] if obj else []

    @admin.display(description=_("versions"))
    def versions(self, rubric: Rubric) -> str:
        """Return the versions, newest first, and what changed in each."""
        return render_versions(rubric_history(rubric))

    def save_model(
        self, request: HttpRequest, obj: Rubric, form: Any, change: Any
    ) -> None:
        """Keep the content as the newest version; the one edited stays as it was."""
        author: Any = request.user
        before = obj.pk
        made = save_rubric(
            obj.organisation,
            slug=obj.slug,
            title=obj.title,
            lines=form.content,
            author=author,
        )
        if change:
            report_version(self, request, None if made.pk == before else made)
        for field in Rubric._meta.concrete_fields:
            setattr(obj, field.attname, getattr(made, field.attname))
        obj._state.adding = False

    def response_change(self, request: HttpRequest, obj: Rubric) -> HttpResponse:
        """Go on with the version just made."""
        if "_continue" in request.POST:
            page = reverse("admin:interviews_rubric_change", args=[obj.pk])
            return HttpResponseRedirect(page)
        return HttpResponseRedirect(reverse("admin:interviews_rubric_changelist"))
