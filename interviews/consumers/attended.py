"""A candidate's socket, written down where it proves what a fault of ours took."""

import logging
from typing import Any

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from base.ids import new_token
from interviews import live_attendance
from interviews.access import holds_cookie
from interviews.services.presence import note_seen
from interviews.sockets import InterviewConsumer

logger = logging.getLogger(__name__)


class AttendedConsumer(InterviewConsumer[Any]):
    """Tells this process's heart when a candidate comes, goes, or could not be served.

    A mixin: it stands before the class that does the work of the socket.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._attendance = new_token()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        """Serve the socket; a failure of ours is remembered until it can be stored."""
        try:
            return await super().__call__(scope, receive, send)
        except Exception:
            await self._fail()
            raise

    async def _fail(self) -> None:
        """End what the socket began: nobody tells one that failed to disconnect."""
        interview_id = getattr(self, "interview_id", None)
        if interview_id and holds_cookie(self.scope.get("cookies", {}), interview_id):
            live_attendance.note_refusal(interview_id)
        try:
            await live_attendance.leave(self._attendance)
            await self.release()
        except Exception:
            logger.exception("A socket that failed could not be cleaned up")

    async def connect(self) -> None:
        """Connect, and write down that the candidate is here."""
        await super().connect()
        if not getattr(self, "is_candidate", False):
            return
        try:
            await live_attendance.join(self.interview_id, self._attendance)
        except (DatabaseError, InterfaceError):
            logger.exception("A candidate's coming could not be written down")

    async def disconnect(self, code: int) -> None:
        """Leave; where the process itself goes, the socket stays on record as open."""
        try:
            await live_attendance.leave(self._attendance)
            if getattr(self, "is_candidate", False):
                await database_sync_to_async(note_seen)(self.interview_id)
        except (DatabaseError, InterfaceError):
            logger.exception("A candidate's going could not be written down")
        await super().disconnect(code)
