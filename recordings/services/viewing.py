"""Who looked at a recording: an audit row for each viewer, recording and hour."""

from datetime import timedelta

from django.db import transaction

from accounts.models import AuditEntry, User
from accounts.services.audit import record_audit
from base.clock import now
from interviews.models import Interview
from recordings.addresses import Address, Purpose, make_address
from recordings.models import Asset, Recording

ONE_ROW_EVERY = timedelta(hours=1)
VIEWED = "recording.viewed"
DOWNLOADED = "recording.downloaded"
SEEN_LIVE = "interview.seen_live"


@transaction.atomic
def give_address(asset: Asset, viewer: User) -> Address:
    """Return where the viewer may play the file, and have it on record.

    An address is asked for when somebody plays, so that a page merely opened leaves
    no row, and lives no longer than a row speaks for.
    """
    address = make_address(asset, viewer.pk, Purpose.PLAY)
    # Two windows of one person must not both find that there is no row yet.
    recording = Recording.objects.select_for_update().get(pk=asset.recording_id)
    interview = asset.recording.interview
    if not _has_row(interview, viewer, VIEWED, recording.pk):
        details = {"interview": str(interview.pk), "track": recording.track}
        record_audit(viewer, interview.organisation, VIEWED, recording, details)
    return address


@transaction.atomic
def give_download(asset: Asset, viewer: User) -> Address:
    """Return where the viewer may take the file from; each time has a row."""
    address = make_address(asset, viewer.pk, Purpose.DOWNLOAD)
    recording = asset.recording
    details = {
        "interview": str(recording.interview_id),
        "track": recording.track,
        "part": asset.part,
    }
    organisation = recording.interview.organisation
    record_audit(viewer, organisation, DOWNLOADED, recording, details)
    return address


def note_live_view(interview: Interview, viewer: User) -> None:
    """Have on record that the viewer looks at the camera live, once an hour."""
    if not _has_row(interview, viewer, SEEN_LIVE, interview.pk):
        record_audit(viewer, interview.organisation, SEEN_LIVE, interview)


def _has_row(
    interview: Interview, viewer: User, action: str, target_id: object
) -> bool:
    return AuditEntry.objects.filter(
        organisation=interview.organisation_id,
        actor=viewer,
        action=action,
        target_id=str(target_id),
        at__gt=now() - ONE_ROW_EVERY,
    ).exists()
