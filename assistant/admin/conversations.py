"""What was said to the assistant; all of it read only."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ReadOnlyOrganisationAdmin
from assistant.context.caching import read_cache_uses
from assistant.models import Conversation
from assistant.selectors import conversation_messages
from interviews.admin.operations import BackOfficeMedia
from interviews.admin.pages import review_path


@admin.register(Conversation)
class ConversationAdmin(BackOfficeMedia, ReadOnlyOrganisationAdmin[Conversation]):
    """Chats with the assistant; what candidates wrote is shown as text."""

    organisation_path = "interview__organisation"
    permission_object = "conversation"
    list_display = ["interview", "turn_count", "created_at"]
    list_select_related = ["interview__candidate", "interview__assessment_version"]
    search_fields = ["interview__candidate__name", "interview__candidate__email"]
    ordering = ["-created_at"]
    fields = ["desk", "created_at", "cached", "said"]
    readonly_fields = ["desk", "cached", "said"]

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

    @admin.display(description=_("input read from the cache"), empty_value="–")
    def cached(self, conversation: Conversation) -> str | None:
        """Return what of the cacheable input was read, not written."""
        use = read_cache_uses(conversation.interview).get(conversation.pk)
        return None if use is None or use.percent is None else f"{use.percent} %"

    @admin.display(description=_("messages"))
    def said(self, conversation: Conversation) -> str:
        """Return the messages in order."""
        said = [
            message
            for message in conversation_messages(conversation.interview)
            if message.turn.conversation_id == conversation.pk
        ]
        return render_to_string("admin/interviews/_messages.html", {"said": said})
