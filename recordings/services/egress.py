"""Bytes of recordings sent to viewers: counted at once, written every ten seconds.

Counted is what this program sends itself, posters and repeats included: from a folder,
and from a bucket with MEDIA_PLAY_ROUTE=web. What nginx or the bucket hands out is not:
neither tells us how much of a file was read. Nor is our own reading of a bucket.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from channels.db import database_sync_to_async

from base.clock import now
from base.detached import on_shutdown, start_detached
from base.ids import new_token
from billing.enums import Meter
from billing.services.calls import Call
from billing.services.ledger import record_quantity
from interviews.models import Interview
from interviews.services.metering import describe_use

logger = logging.getLogger(__name__)

EGRESS = "egress"
WRITE_EVERY_SECONDS = 10.0
_PROVIDER = "media"


@dataclass(frozen=True)
class Sent:
    """Bytes of one interview, to be written once: a repeat has the same key."""

    call: Call
    count: int
    key: str
    at: datetime


def describe_egress(interview: Interview) -> Call:
    """Return who pays for what is sent; `assessment_version` must be loaded."""
    return describe_use(interview, provider=_PROVIDER, purpose=EGRESS)


class EgressMeter:
    """What this process sent and has not written yet.

    Playback only adds numbers here: the ledger's lock is waited for by a thread, every
    `write_every` seconds while there is something, and once more at shutdown. A
    process that is killed (`kill -9`) loses those seconds at most, and what a database
    that was away kept it from writing: that is kept here and tried again.
    """

    def __init__(self, write_every: float = WRITE_EVERY_SECONDS) -> None:
        self._write_every = write_every
        self._counts: dict[tuple[str, str], tuple[Call, int]] = {}
        self._unwritten: list[Sent] = []
        self._lock = Lock()
        self._writing = Lock()
        self._writer: asyncio.Task[None] | None = None

    def count(self, call: Call, count: int) -> None:
        """Add bytes that were sent; called in the event loop, waits for nothing."""
        subject = (call.payer, call.reference)
        with self._lock:
            _call, before = self._counts.get(subject, (call, 0))
            self._counts[subject] = (call, before + count)
        if self._writer is None or self._writer.done():
            self._writer = start_detached(self._keep_writing(), name="egress")

    def take(self) -> list[Sent]:
        """Return what is to be written, and forget it."""
        with self._lock:
            counted, self._counts = self._counts, {}
            kept, self._unwritten = self._unwritten, []
        at = now()
        new = [
            Sent(call, count, key=f"egress:{new_token()}", at=at)
            for call, count in counted.values()
        ]
        return kept + new

    def write(self) -> None:
        """Write what was counted, one row for each interview."""
        with self._writing:
            failed = [sent for sent in self.take() if not _is_written(sent)]
            with self._lock:
                self._unwritten += failed

    async def write_in_thread(self) -> None:
        """Do it where neither the event loop nor other queries wait for it."""
        if self._counts or self._unwritten or self._writing.locked():
            await database_sync_to_async(self.write, thread_sensitive=False)()

    async def _keep_writing(self) -> None:
        while self._counts or self._unwritten:
            await asyncio.sleep(self._write_every)
            await self.write_in_thread()


def _is_written(sent: Sent) -> bool:
    try:
        record_quantity(
            sent.call,
            Meter.EGRESS,
            sent.count,
            idempotency_key=sent.key,
            at=sent.at,
        )
    except Exception:
        # One that cannot be written must neither be lost nor take the others along.
        logger.exception("%s bytes sent are not in the ledger yet", sent.count)
        return False
    return True


METER = EgressMeter()
on_shutdown(METER.write_in_thread)
