"""Tests the candidate's browser ran: noted, answered, nothing more."""

from typing import Protocol
from uuid import UUID

from channels.db import database_sync_to_async

from interviews.protocol import Frame, RunInBrowser
from interviews.services.browser_runs import note_browser_run


class BrowserRunRoom(Protocol):
    """What a note needs of the socket it came from."""

    interview_id: UUID

    def post(self, frame: Frame) -> None:
        """Queue a frame for this window."""


async def note_run(room: BrowserRunRoom, frame: RunInBrowser) -> None:
    """Write the claim down once."""
    await database_sync_to_async(note_browser_run)(
        room.interview_id,
        client_id=frame.id,
        folder=frame.section,
        passed=frame.passed,
        failed=frame.failed,
    )
    room.post({"type": "run.noted", "id": frame.id})
