"""Prompts and their versions: everybody reads by role, only the operator changes."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import SharedAdmin
from assistant.admin.base import PromptMedia, is_operator, version_mark
from assistant.admin.prompt_form import DraftForm
from assistant.admin.prompt_pages import activate_view, compare_view, rollback_view
from assistant.models import Prompt, PromptVersion
from assistant.services.activation import (
    create_draft,
    discard_draft,
    edit_draft,
    find_previous,
)
from assistant.variables import find_variables
from assistant.wordings import (
    activation_history,
    running_experiment_of,
    version_lines,
)


@admin.register(Prompt)
class PromptAdmin(PromptMedia, SharedAdmin[Prompt]):
    """What each prompt is for, which wording is in use, and which was when."""

    permission_object = "prompt"
    list_display = ["slug", "purpose", "in_use", "draft_count"]
    list_select_related = ["active"]
    fields = ["purpose", "in_use"]
    readonly_fields = ["in_use"]
    change_form_outer_before_template = "admin/assistant/_prompt.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Prompt]:
        """Count the drafts."""
        drafts = Count("versions", filter=Q(versions__frozen_at=None))
        return (
            super()
            .get_queryset(request)
            .select_related("active")
            .annotate(drafts=drafts)
        )

    @admin.display(description=_("in use"))
    def in_use(self, prompt: Prompt) -> str:
        """Name the version."""
        return f"v{prompt.active.number}" if prompt.active else "–"

    @admin.display(description=_("drafts"))
    def draft_count(self, prompt: Any) -> int:
        """Return how many versions may still change."""
        return int(prompt.drafts)

    def get_urls(self) -> list[Any]:
        """Add the comparison and the way back."""
        view = self.admin_site.admin_view
        return [
            path(
                "<int:prompt_id>/compare/",
                view(compare_view),
                name="assistant_prompt_compare",
            ),
            path(
                "<int:prompt_id>/rollback/",
                view(rollback_view),
                name="assistant_prompt_rollback",
            ),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show versions and history; offer the operator what may be done."""
        prompt = kwargs.get("obj")
        if prompt is not None:
            lines = version_lines(prompt)
            context |= {
                "prompt": prompt,
                "versions": [line.version for line in lines],
                "before": prompt.active,
                "lines": [
                    (line, version_mark(line.version, is_in_use=line.is_in_use))
                    for line in lines
                ],
                "previous": find_previous(prompt),
                "history": activation_history(prompt),
                "running": running_experiment_of(prompt),
                "is_operator": is_operator(request),
            }
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(PromptVersion)
class PromptVersionAdmin(PromptMedia, SharedAdmin[PromptVersion]):
    """Every wording there was, and drafts, which the operator writes."""

    permission_object = "prompt"
    is_audited_by_service = True
    form = DraftForm
    list_display = ["__str__", "state", "note", "author", "created_at"]
    list_select_related = ["prompt", "author"]
    list_filter = ["prompt"]
    search_fields = ["note"]
    change_form_outer_before_template = "admin/assistant/_version.html"
    warn_unsaved_form = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptVersion]:
        """Bring the prompts along: every version is named by its own."""
        return super().get_queryset(request).select_related("prompt", "author")

    def get_urls(self) -> list[Any]:
        """Add the way into use."""
        own = path(
            "<int:version_id>/activate/",
            self.admin_site.admin_view(activate_view),
            name="assistant_promptversion_activate",
        )
        return [own, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Prompts are the installation's: only its operator writes one."""
        return is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let the operator edit drafts."""
        return is_operator(request) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let the operator delete one draft at a time."""
        return is_operator(request) and obj is not None and obj.is_draft

    def get_fields(self, request: HttpRequest, obj: PromptVersion | None = None) -> Any:
        """Return a form for a draft, and facts for what is fixed."""
        if obj is None:
            return ["prompt", "text", "note"]
        if self.has_change_permission(request, obj):
            return ["text", "note"]
        return ["wording", "variables", "note", "author", "created_at", "frozen_at"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: PromptVersion | None = None
    ) -> Any:
        """Return what is never in a form."""
        if obj is None or self.has_change_permission(request, obj):
            return []
        return ["wording", "variables", "author", "created_at", "frozen_at"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start from the version named in the address."""
        number = request.GET.get("from", "")
        source = PromptVersion.objects.filter(
            pk=int(number) if number.isdecimal() else 0
        ).first()
        if source is None:
            return {}
        return {"prompt": source.prompt_id, "text": source.text}

    def save_model(
        self, request: HttpRequest, obj: PromptVersion, form: Any, change: Any
    ) -> None:
        """Keep the draft."""
        if change:
            kept = edit_draft(obj, text=obj.text, note=obj.note, actor=request.user)
        else:
            kept = create_draft(
                obj.prompt, text=obj.text, note=obj.note, actor=request.user
            )
        for field in PromptVersion._meta.concrete_fields:
            setattr(obj, field.attname, getattr(kept, field.attname))
        obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: PromptVersion) -> None:
        """Delete the draft."""
        discard_draft(obj, actor=request.user)

    @admin.display(description=_("state"))
    def state(self, version: PromptVersion) -> str:
        """Say whether it is in use, a draft, or kept."""
        is_in_use = version.prompt.active_id == version.pk
        return version_mark(version, is_in_use=is_in_use)

    @admin.display(description=_("text"))
    def wording(self, version: PromptVersion) -> str:
        """Return the text as it is sent."""
        return format_html('<pre class="bo-pre">{}</pre>', version.text)

    @admin.display(description=_("filled in"))
    def variables(self, version: PromptVersion) -> str:
        """Return the names of what is filled in."""
        return ", ".join(find_variables(version.text)) or "–"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Offer what may be done with this version."""
        version = kwargs.get("obj")
        if version is not None:
            context |= {
                "version": version,
                "is_in_use": version.prompt.active_id == version.pk,
                "active": version.prompt.active,
                "state_mark": self.state(version),
                "is_operator": is_operator(request),
            }
        return super().render_change_form(request, context, *args, **kwargs)
