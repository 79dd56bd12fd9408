"""What the page tells of its presence: noted where the assessment says so."""

from typing import Protocol
from uuid import UUID

from channels.db import database_sync_to_async

from interviews.protocol import Frame, PresenceFact
from interviews.services.facts import note_fact, read_fact


class FactRoom(Protocol):
    """What a fact needs of the socket it came from."""

    interview_id: UUID

    def post(self, frame: Frame) -> None:
        """Queue a frame for this window."""


async def take_fact(room: FactRoom, frame: PresenceFact) -> None:
    """Write the fact down once."""
    await database_sync_to_async(note_fact)(
        room.interview_id,
        client_id=frame.id,
        t_ms=frame.t_ms,
        fact=read_fact(frame.fact, frame.details),
    )
    room.post({"type": "presence.noted", "id": frame.id})
