"""Which recording for whom: the candidate's browser sends, members watch."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest

from accounts.access import require
from accounts.permissions import VIEW
from base.statements import Part, read_joined
from interviews.access import (
    Watcher,
    find_as_candidate,
    find_watcher,
    is_open_to,
    read_generation,
)
from interviews.enums import InterviewState
from interviews.models import AssessmentVersion, Interview, Invitation
from recordings.errors import UnknownRecordingError
from recordings.models import Asset, Chunk, Recording, Segment, UploadTicket

# What is asked for each chunk; other fields are read where they are needed.
_PARTS = (
    Part(
        Interview,
        "i",
        (
            "organisation",
            "invitation",
            "assessment_version",
            "state",
            "is_preview",
            "started_at",
            "ended_at",
        ),
    ),
    Part(Invitation, "v", ("generation", "revoked_at", "opens_at", "expires_at")),
    Part(AssessmentVersion, "a", ("is_recorded", "records_screen")),
    Part(Recording, "r", ("interview", "track", "state")),
    Part(Segment, "s", ("recording", "mime_type")),
    Part(Chunk, "c", ("segment", "index", "size", "sha256", "state")),
    Part(
        UploadTicket,
        "t",
        (
            "segment",
            "index",
            "size",
            "sha256",
            "start_ms",
            "duration_ms",
            "key",
            "is_direct",
            "expires_at",
        ),
    ),
)
_JOINED = """
FROM recordings_segment s
JOIN recordings_recording r ON r.id = s.recording_id
JOIN interviews_interview i ON i.id = r.interview_id
JOIN interviews_invitation v ON v.id = i.invitation_id
JOIN interviews_assessmentversion a ON a.id = i.assessment_version_id
LEFT JOIN recordings_chunk c ON c.segment_id = s.id AND c."index" = %s
LEFT JOIN recordings_uploadticket t ON t.segment_id = s.id AND t."index" = %s
WHERE s.id = %s AND i.id = %s"""


@dataclass(frozen=True)
class Place:
    """Where a chunk belongs, and what is known of it at this moment."""

    interview: Interview
    segment: Segment
    chunk: Chunk | None
    ticket: UploadTicket | None


def get_place(
    cookies: Mapping[str, str], interview_id: UUID, segment_id: UUID, index: int
) -> Place:
    """Return the place of a chunk of this browser's candidate, with one statement.

    Raises UnknownRecordingError for everybody else, and for a segment that is not of
    this very interview.
    """
    generation = read_generation(cookies, interview_id)
    if generation is None:
        raise UnknownRecordingError
    keys = (
        (Chunk, "index", index),
        (UploadTicket, "index", index),
        (Segment, "pk", segment_id),
        (Interview, "pk", interview_id),
    )
    for row in read_joined(_PARTS, _JOINED, keys):
        interview, invitation, version, recording, segment, chunk, ticket = row
        interview.invitation, interview.assessment_version = invitation, version
        recording.interview, segment.recording = interview, recording
        if is_open_to(interview, generation):
            return Place(interview, segment, chunk, ticket)
    raise UnknownRecordingError


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
