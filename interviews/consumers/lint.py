"""Marks in the editor of one window: one look at a time, the latest wish wins."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing
from time import monotonic
from typing import Any, Protocol
from uuid import UUID

from channels.db import database_sync_to_async
from django.utils.translation import gettext as _

from base.errors import DomainError
from interviews.availability import check_running
from interviews.errors import BusyError
from interviews.protocol import Frame, LintAsk
from interviews.runner_client import (
    RunFinished,
    RunnerUnavailable,
    RunOutput,
    RunQueued,
    RunSpec,
    choose_client,
)
from interviews.services.lint import (
    SECONDS,
    Diagnostic,
    Look,
    build_look_spec,
    prepare_look,
    read_diagnostics,
)
from interviews.services.metering import record_look_time

logger = logging.getLogger(__name__)

# Between two looks of one window.
PAUSE_SECONDS = 1.0
_PATIENCE_SECONDS = SECONDS + 5.0

Start = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class LintRoom(Protocol):
    """What a look needs of the socket it was asked on."""

    interview_id: UUID
    token: str

    def post(self, frame: Mapping[str, Any]) -> None:
        """Queue a frame for this window."""


class LintDesk:
    """Answers `lint.ask` beside everything else that the window does.

    Every ask is answered: by `lint.result`, or by an error when it was not looked at
    (something newer came, or no place in the sandbox was free at once).
    """

    def __init__(self, room: LintRoom, start: Start) -> None:
        self._room = room
        self._start = start
        self._wanted: LintAsk | None = None
        self._task: asyncio.Task[None] | None = None
        self._looked_at = -PAUSE_SECONDS
        self._sandbox_ms = 0

    def ask(self, frame: LintAsk) -> None:
        """Look at a file soon; takes the place of an ask that waits."""
        if self._wanted is not None:
            self._room.post(_not_now().as_frame(self._wanted.id))
        self._wanted = frame
        if self._task is None or self._task.done():
            self._task = self._start(self._work())

    async def close(self) -> None:
        """Write what the looks took of the sandbox; the task is the room's to end."""
        if self._sandbox_ms:
            milliseconds, self._sandbox_ms = self._sandbox_ms, 0
            await database_sync_to_async(record_look_time)(
                self._room.interview_id, milliseconds, window=self._room.token
            )

    async def _work(self) -> None:
        while self._wanted is not None:
            await asyncio.sleep(self._looked_at + PAUSE_SECONDS - monotonic())
            frame, self._wanted = self._wanted, None
            self._looked_at = monotonic()
            try:
                self._room.post(await self._answer(frame))
            except DomainError as error:
                self._room.post(error.as_frame(frame.id))

    async def _answer(self, frame: LintAsk) -> Frame:
        look = await database_sync_to_async(prepare_look)(
            self._room.interview_id, frame.path
        )
        found = None
        if look.linter is not None and look.version == frame.version:
            spec = build_look_spec(look, look.linter)
            ran = await self._run(spec)
            if ran is not None:
                found = await asyncio.to_thread(
                    read_diagnostics, look, look.linter, *ran
                )
        return _result_frame(frame.id, look, found)

    async def _run(self, spec: RunSpec) -> tuple[RunFinished, bytes] | None:
        """Return end and output; None while running is off. Raises BusyError."""
        if not (await check_running()).is_available:
            return None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                finished, output = await _run_at_once(spec)
        except (RunnerUnavailable, TimeoutError):
            logger.info("A file could not be looked at")
            return None
        self._sandbox_ms += finished.duration_ms
        return finished, output


async def _run_at_once(spec: RunSpec) -> tuple[RunFinished, bytes]:
    """Run without a place in the queue: a mark is never worth a candidate's wait."""
    output = b""
    client = await choose_client()
    async with aclosing(client.run(spec)) as frames:
        async for frame in frames:
            match frame:
                case RunQueued():
                    raise _not_now()
                case RunOutput(stream="stdout", data=data):
                    output += data
                case RunFinished():
                    return frame, output
    raise _not_now()


def _not_now() -> BusyError:
    return BusyError(_("The file was not looked at this time."))


def _result_frame(frame_id: str, look: Look, found: list[Diagnostic] | None) -> Frame:
    return {
        "type": "lint.result",
        "id": frame_id,
        "path": look.path,
        "version": look.version,
        "tool": look.linter.name if look.linter and found is not None else "",
        "diagnostics": [
            {
                "from": each.start,
                "to": each.end,
                "severity": each.severity,
                "message": each.message,
                "code": each.code,
            }
            for each in found or ()
        ],
    }
