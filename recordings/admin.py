"""Recordings, their segments and files; read only."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import (
    OrganisationTabularInline,
    ReadOnlyOrganisationAdmin,
)
from interviews.admin.operations import BackOfficeMedia
from interviews.admin.pages import review_path
from interviews.admin.versions import status_mark
from interviews.selectors.back_office import Flag, register_flag
from recordings.enums import RecordingState
from recordings.models import Asset, Recording, Segment

_TONES = {
    RecordingState.RECORDING: "busy",
    RecordingState.ASSEMBLED: "good",
    RecordingState.EMPTY: "warning",
    RecordingState.FAILED: "danger",
    RecordingState.DELETED: "",
}


def _has_gaps() -> Any:
    return Exists(Recording.objects.filter(interview=OuterRef("pk")).exclude(holes=[]))


register_flag(Flag("gaps", _("Gaps"), _("Recording has gaps"), "warning", _has_gaps))


class _ReadOnlyInline:
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never by hand."""
        return False


class SegmentInline(_ReadOnlyInline, OrganisationTabularInline[Segment, Recording]):
    """The runs of the recorder."""

    model = Segment
    permission_object = "recording"
    fields = ["mime_type", "started_ms", "width", "height", "created_at", "closed_at"]


class AssetInline(_ReadOnlyInline, OrganisationTabularInline[Asset, Recording]):
    """The finished files."""

    model = Asset
    permission_object = "recording"
    fields = ["kind", "part", "mime_type", "size", "start_ms", "duration_ms", "codecs"]


@admin.register(Recording)
class RecordingAdmin(BackOfficeMedia, ReadOnlyOrganisationAdmin[Recording]):
    """One track of one interview."""

    organisation_path = "interview__organisation"
    permission_object = "recording"
    list_display = [
        "interview",
        "track",
        "state_mark",
        "stored",
        "gap_count",
        "created_at",
    ]
    list_filter = ["state", "track"]
    list_select_related = ["interview__candidate", "interview__assessment_version"]
    search_fields = ["interview__candidate__name", "interview__candidate__email"]
    ordering = ["-created_at"]
    fields = ["desk", "track", "state_mark", "stored", "holes", "created_at"]
    readonly_fields = ["desk", "state_mark", "stored"]
    inlines = [AssetInline, SegmentInline]

    @admin.display(description=_("interview"))
    def desk(self, recording: Recording) -> str:
        """Link to the review desk."""
        return format_html(
            '<a class="text-link" href="{}">{}</a>',
            review_path(recording.interview_id),
            recording.interview,
        )

    @admin.display(description=_("state"), ordering="state")
    def state_mark(self, recording: Recording) -> str:
        """Return the state in words with a small mark."""
        tone = _TONES.get(RecordingState(recording.state), "")
        return status_mark(recording.get_state_display(), tone)

    @admin.display(description=_("stored of captured"))
    def stored(self, recording: Recording) -> str:
        """Return seconds."""
        return f"{recording.stored_ms // 1000} s / {recording.captured_ms // 1000} s"

    @admin.display(description=_("gaps"))
    def gap_count(self, recording: Recording) -> int:
        """Return how many gaps there are."""
        return len(recording.holes)
