"""Who is in the room: who watches, and where the writers are."""

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any

from channels.db import database_sync_to_async

from base.clock import now
from base.text import content_hash
from interviews.consumers.company import Company, Peer
from interviews.consumers.outbound import Outbound
from interviews.consumers.writing import WritingConsumer
from interviews.enums import InterviewState
from interviews.protocol import Frame, PresenceCursor, iso
from interviews.services.interviewers import note_watching

# Whoever is here has answered by then.
FIRST_LOOK_SECONDS = 1.0
CURSORS_PER_SECOND = 10


class PresentConsumer(WritingConsumer):
    """The part of a workspace socket that knows the other windows.

    Members watch, and never unseen: each of their windows is told to all others.
    Nothing of this is stored but that somebody watched. Whoever comes asks, and all
    others answer over the layer.
    """

    outbound: Outbound

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.company = Company()
        self._is_settled = False
        self._shown_watchers: list[Frame] = []
        self._shown_candidate: bool | None = None
        self._seen_at: str | None = None
        self._moves = (0.0, 0)
        self._is_here = False

    # Coming and going

    @property
    def _self(self) -> Peer:
        watcher = self.watcher
        if watcher is None:
            return Peer(self.token)
        person = content_hash(f"{self.interview_id}:{watcher.user.pk}")[:12]
        return Peer(self.token, person, watcher.shown_name, watcher.may_type)

    async def enter(self) -> None:
        """Say hello to the others, and look who answers."""
        self._is_here = True
        await self.say_here()
        await self.tell({"type": "presence.ask"})
        self._start(self._settle())

    async def say_here(self) -> None:
        """Tell the others that this window is here; whoever says nothing is gone."""
        await self.tell({"type": "presence.here", "peer": self._self.as_json()})
        self.company.drop_silent()
        self._show_company()

    async def leave(self) -> None:
        """Tell the others that this window is gone."""
        if self._is_here:
            await self.tell({"type": "presence.gone", "peer": self.token})
        await self.let_go()

    async def _settle(self) -> None:
        await asyncio.sleep(FIRST_LOOK_SECONDS)
        self._is_settled = True
        self._show_company()

    async def presence_ask(self, message: Mapping[str, Any]) -> None:
        """Somebody came and wants to know who is here."""
        if message["sender"] != self.channel_name:
            await self.tell({"type": "presence.here", "peer": self._self.as_json()})

    async def presence_here(self, message: Mapping[str, Any]) -> None:
        """Another window is here."""
        if message["sender"] != self.channel_name:
            self.company.hear(message["peer"])
            self._show_company()

    async def presence_gone(self, message: Mapping[str, Any]) -> None:
        """Another window is gone."""
        self.company.forget(str(message["peer"]))
        self._show_company()

    def _show_company(self) -> None:
        watchers = self.company.watchers(apart_from=self._self.person)
        if watchers != self._shown_watchers:
            self._shown_watchers = watchers
            self.post({"type": "presence.watchers", "watchers": watchers})
        is_here = self.company.has_candidate
        is_known = is_here or self._is_settled
        if self.is_candidate or not is_known or is_here == self._shown_candidate:
            return
        if self._shown_candidate:
            self._seen_at = now().isoformat()
        self._shown_candidate = is_here
        self.post(
            {
                "type": "presence.candidate",
                "connected": is_here,
                "seen_at": self._seen_at,
                "server_time": now().isoformat(),
            }
        )

    # What the first frame says of it

    async def presence_fields(self, state: str) -> Frame:
        """Return who is who; the candidate's window may write from here on."""
        is_active = state == InterviewState.ACTIVE
        if self.watcher is None:
            return await self.writing_fields(is_active=is_active)
        if is_active:
            await database_sync_to_async(note_watching)(self.watcher)
        self._seen_at = iso(self.watcher.interview.last_seen_at)
        return {
            "writer": is_active and self.watcher.may_type,
            "candidate": {"name": str(self.watcher.interview.candidate)},
        }

    # Where the writers are

    async def move(self, frame: PresenceCursor) -> None:
        """Show the others where this window's writer is; too often is left out."""
        watcher = self.watcher
        may_write = self.is_writer if watcher is None else watcher.may_type
        began, count = self._moves
        if monotonic() - began >= 1:
            began, count = monotonic(), 0
        self._moves = began, count + 1
        if not may_write or count >= CURSORS_PER_SECOND or self.company.is_empty:
            return
        cursor: Frame = {
            "type": "presence.cursor",
            "id": self.token,
            "who": "candidate" if watcher is None else "interviewer",
            "name": "" if watcher is None else watcher.shown_name,
            "path": frame.path,
            "version": frame.version,
            "ranges": [[*each] for each in frame.ranges],
        }
        await self.tell({"type": "presence.moved", "frame": cursor})

    async def presence_moved(self, message: Mapping[str, Any]) -> None:
        """Another writer moved; only where they are last is worth sending."""
        if message["sender"] != self.channel_name:
            frame = message["frame"]
            self.outbound.post_latest(f"cursor:{frame['id']}", frame)
