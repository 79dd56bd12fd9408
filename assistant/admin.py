"""Prompts with their versions, and what was said; all of it read only."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from accounts.access import current_organisation
from accounts.admin_base import ReadOnlyOrganisationAdmin, SharedAdmin
from accounts.models import User
from assistant.models import Conversation, Prompt, PromptVersion
from assistant.selectors import conversation_messages
from assistant.services.activation import activate_prompt
from interviews.admin.operations import BackOfficeMedia
from interviews.admin.pages import review_path


@admin.register(Prompt)
class PromptAdmin(BackOfficeMedia, SharedAdmin[Prompt]):
    """What each prompt is for, and which wording is in use."""

    permission_object = "prompt"
    list_display = ["slug", "purpose", "active"]
    list_select_related = ["active__prompt"]
    fields = ["slug", "purpose", "active", "wordings"]
    readonly_fields = ["wordings"]

    @admin.display(description=_("versions"))
    def wordings(self, prompt: Prompt) -> str:
        """Link to every version."""
        return format_html_join(
            "",
            '<div><a class="text-link" href="{}">v{}</a> {} {}</div>',
            (
                (
                    reverse("admin:assistant_promptversion_change", args=[version.pk]),
                    version.number,
                    version.note,
                    _("in use") if version.pk == prompt.active_id else "",
                )
                for version in prompt.versions.all()
            ),
        )


@admin.register(PromptVersion)
class PromptVersionAdmin(BackOfficeMedia, SharedAdmin[PromptVersion]):
    """Every wording there was; the operator may put one into use."""

    permission_object = "prompt"
    list_display = ["prompt", "number", "note", "created_at", "is_in_use"]
    list_select_related = ["prompt"]
    list_filter = ["prompt"]
    fields = ["prompt", "number", "note", "wording", "created_at"]
    readonly_fields = ["wording"]
    actions = ["activate"]

    @admin.display(description=_("in use"), boolean=True)
    def is_in_use(self, version: PromptVersion) -> bool:
        """Say whether this wording is the active one."""
        return version.prompt.active_id == version.pk

    @admin.display(description=_("text"))
    def wording(self, version: PromptVersion) -> str:
        """Return the text as it is sent."""
        return format_html('<pre class="bo-pre">{}</pre>', version.text)

    def has_activate_permission(self, request: HttpRequest) -> bool:
        """Prompts are the installation's: only its operator chooses."""
        return isinstance(request.user, User) and request.user.is_superuser

    @admin.action(description=_("Put into use"), permissions=["activate"])
    def activate(self, request: HttpRequest, queryset: QuerySet[PromptVersion]) -> None:
        """Make one version the active one of its prompt."""
        organisation = current_organisation(request)
        if organisation is None or not isinstance(request.user, User):
            raise PermissionDenied
        versions = list(queryset.select_related("prompt"))
        if len({version.prompt_id for version in versions}) < len(versions):
            text = _("Choose one version of a prompt.")
            self.message_user(request, text, messages.ERROR)
            return
        count = sum(
            activate_prompt(version, actor=request.user, organisation=organisation)
            for version in versions
        )
        done = _("Versions put into use: %(count)d.") % {"count": count}
        self.message_user(request, done, messages.SUCCESS if count else messages.INFO)


@admin.register(Conversation)
class ConversationAdmin(BackOfficeMedia, ReadOnlyOrganisationAdmin[Conversation]):
    """Chats with the assistant; what candidates wrote is shown as text."""

    organisation_path = "interview__organisation"
    permission_object = "conversation"
    list_display = ["interview", "turn_count", "created_at"]
    list_select_related = ["interview__candidate", "interview__assessment_version"]
    search_fields = ["interview__candidate__name", "interview__candidate__email"]
    ordering = ["-created_at"]
    fields = ["desk", "created_at", "said"]
    readonly_fields = ["desk", "said"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        """Count the turns."""
        return super().get_queryset(request).annotate(count=Count("turns"))

    @admin.display(description=_("questions"), ordering="count")
    def turn_count(self, conversation: Any) -> int:
        """Return how often the candidate asked."""
        return int(conversation.count)

    @admin.display(description=_("interview"))
    def desk(self, conversation: Conversation) -> str:
        """Link to the review desk."""
        return format_html(
            '<a class="text-link" href="{}">{}</a>',
            review_path(conversation.interview_id),
            conversation.interview,
        )

    @admin.display(description=_("messages"))
    def said(self, conversation: Conversation) -> str:
        """Return the messages in order."""
        said = [
            message
            for message in conversation_messages(conversation.interview)
            if message.turn.conversation_id == conversation.pk
        ]
        return render_to_string("admin/interviews/_messages.html", {"said": said})
