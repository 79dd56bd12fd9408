"""Models, which serves what, and whose cohort has which; the operator adds."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import M, ReadOnlyOrganisationAdmin, SharedAdmin
from assistant.admin.base import is_operator
from assistant.catalogue import ModelFacts
from assistant.models import ModelAssignment, ModelChoice, ModelVersion
from assistant.services.catalogue import add_version
from interviews.admin.operations import BackOfficeMedia


class WrittenOnceAdmin(BackOfficeMedia, SharedAdmin[M]):
    """Rows of the installation: read by role, added by the operator, then left alone."""

    permission_object = "prompt"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let the operator add one."""
        return is_operator(request)


@admin.register(ModelVersion)
class ModelVersionAdmin(WrittenOnceAdmin[ModelVersion]):
    """What is known of each model; the newest version of a name counts."""

    list_display = ["name", "number", "lifecycle", "retires_at", "note", "created_at"]
    search_fields = ["name"]
    fields = ["name", "facts", "note"]

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Say which facts there are, with what holds where one is left out."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "facts" and field is not None:
            field.help_text = _describe_facts()
        return field

    @admin.display(description=_("lifecycle"))
    def lifecycle(self, version: ModelVersion) -> str:
        """Return whether it is offered, deprecated or retired."""
        return str(version.facts.get("lifecycle", ""))

    @admin.display(description=_("retires"))
    def retires_at(self, version: ModelVersion) -> str:
        """Return the day of its end, if one is known."""
        return str(version.facts.get("retires_at") or "")[:10]

    def save_model(
        self, request: HttpRequest, obj: ModelVersion, *_args: Any, **_kwargs: Any
    ) -> None:
        """Write it as the next version of its model."""
        written = add_version(obj.read_facts(), note=obj.note)
        obj.pk, obj.number = written.pk, written.number
        obj._state.adding = False


def _describe_facts() -> str:
    known = ModelFacts(name="-").model_dump(mode="json", exclude={"name"})
    words = ", ".join(f"{name}: {json.dumps(value)}" for name, value in known.items())
    return gettext(
        "Where one is left out, this holds: %(facts)s. For a gateway that refuses "
        "“strict” or “eager_input_streaming” in tools, say false to strict_tools or "
        "eager_tools."
    ) % {"facts": words}


@admin.register(ModelAssignment)
class ModelAssignmentAdmin(WrittenOnceAdmin[ModelAssignment]):
    """Which model serves a purpose in cohorts that begin from now on."""

    list_display = ["purpose", "model", "note", "created_at"]
    list_filter = ["purpose"]
    fields = ["purpose", "model", "note"]


@admin.register(ModelChoice)
class ModelChoiceAdmin(BackOfficeMedia, ReadOnlyOrganisationAdmin[ModelChoice]):
    """Which model each cohort of an assessment has; `manage.py models` opens one."""

    organisation_path = "assessment_version__assessment__organisation"
    permission_object = "assessment"
    list_display = ["assessment_version", "purpose", "cohort", "model", "created_at"]
    list_filter = ["purpose"]
    list_select_related = ["assessment_version__assessment"]
