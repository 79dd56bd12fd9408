"""Which recording for whom: the candidate's browser sends, members watch."""

from collections.abc import Mapping
from uuid import UUID

from django.http import Http404, HttpRequest

from accounts.access import require
from accounts.permissions import VIEW
from interviews.access import Watcher, find_as_candidate, find_watcher
from interviews.enums import InterviewState
from interviews.models import Interview
from recordings.errors import UnknownRecordingError
from recordings.models import Asset, Segment


def get_as_candidate(cookies: Mapping[str, str], interview_id: UUID) -> Interview:
    """Return the interview of this browser's candidate.

    Raises UnknownRecordingError for everybody else, whether it exists or not.
    """
    interview = find_as_candidate(cookies, interview_id)
    if interview is None:
        raise UnknownRecordingError
    return interview


def get_segment(interview: Interview, segment_id: UUID) -> Segment:
    """Return a segment of this very interview. Raises UnknownRecordingError."""
    segment = (
        Segment.objects.select_related("recording")
        .filter(pk=segment_id, recording__interview=interview)
        .first()
    )
    if segment is None:
        raise UnknownRecordingError
    return segment


def get_live_segment(
    user_id: int | None, interview_id: UUID, segment_id: UUID
) -> Segment:
    """Return a segment of an interview that runs, for a member who may watch it.

    Raises Http404 for everybody else.
    """
    interview = get_as_watcher(user_id, interview_id).interview
    segment = (
        Segment.objects.select_related("recording")
        .filter(pk=segment_id, recording__interview=interview)
        .first()
    )
    if segment is None:
        raise Http404
    segment.recording.interview = interview
    return segment


def get_as_watcher(user_id: int | None, interview_id: UUID) -> Watcher:
    """Return a member who may watch this interview, while it runs; else Http404."""
    watcher = find_watcher(user_id, interview_id)
    if watcher is None or watcher.interview.state != InterviewState.ACTIVE:
        raise Http404
    return watcher


def get_asset(
    request: HttpRequest, interview_id: UUID, asset_id: int, *, verb: str = VIEW
) -> Asset:
    """Return a finished file for a member who may do this with recordings.

    A stranger gets Http404, a member without the right PermissionDenied.
    """
    asset = (
        Asset.objects.select_related(
            "recording__interview__organisation",
            "recording__interview__assessment_version",
        )
        .filter(pk=asset_id, recording__interview=interview_id, deleted_at__isnull=True)
        .first()
    )
    if asset is None:
        raise Http404
    require(request, asset.recording.interview.organisation, verb, "recording")
    return asset
