"""An interview's room is one for both tracks, also for chunks at the same moment."""

from concurrent.futures import ThreadPoolExecutor, wait
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from interviews.models import Interview
from recordings.errors import RecordingFullError
from recordings.models import Segment, UploadTicket
from recordings.schemas import TicketRequest
from recordings.services.tickets import issue_ticket
from tests.recordings.conftest import Browser, let_in

pytestmark = pytest.mark.django_db(transaction=True)

SIZE = 1000
MOMENT = 1.0


def announce(interview: Interview, segment: Segment, index: int) -> bool:
    """Ask for a ticket as one of the requests does."""
    wanted = TicketRequest(sha256=f"{index:064x}", size=SIZE, start_ms=0, duration_ms=1)
    try:
        return issue_ticket(interview, segment, index, wanted) is not None
    except RecordingFullError:
        return False


def announce_alone(interview: Interview, segment: Segment) -> bool:
    try:
        return announce(interview, segment, 0)
    finally:
        connection.close()


def test_both_tracks_at_once_get_no_more_than_there_is(
    interview: Interview, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "recording_bytes": SIZE}
    client = let_in(Client(), interview)
    segments = []
    for track in ("camera", "screen"):
        page = Browser(client, interview, uuid4())
        assert page.open(track=track).status_code == 201
        segments.append(page.stored())

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert announce(interview, segments[0], 0)
            other = pool.submit(announce_alone, interview, segments[1])
            # It waits for this transaction; if it did not, it would be done by then.
            wait([other], timeout=MOMENT)
        assert not other.result(60)

    assert UploadTicket.objects.get().segment == segments[0]
