"""Tells the windows of an interview which terminals there are."""

from uuid import UUID

from interviews.notifications import tell_group
from interviews.protocol import workspace_group


async def tell_started(interview_id: UUID, name: str) -> None:
    """A shell has begun in a terminal."""
    await _tell(interview_id, "terminal.started", name)


async def tell_ended(interview_id: UUID, name: str) -> None:
    """The shell of a terminal has ended."""
    await _tell(interview_id, "terminal.ended", name)


async def _tell(interview_id: UUID, kind: str, name: str) -> None:
    frame = {"type": kind, "name": name}
    message = {"type": "workspace.frame", "frame": frame, "sender": ""}
    await tell_group(workspace_group(interview_id), message)
