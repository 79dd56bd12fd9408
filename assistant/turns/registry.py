"""The registry: starts turns, keeps them while they go on, ends them at shutdown.

An answer belongs to its task here, never to a socket. A socket that goes away
changes nothing; Stop cancels the task; a shutdown cancels and awaits all of them.
"""

import asyncio
import os
import socket
from uuid import UUID

from django.utils.translation import gettext as _

from assistant.protocol import failed_frame
from assistant.turns.answer import Answer
from assistant.turns.live import LiveTurn
from assistant.turns.queue import start_next
from base.detached import start_detached
from base.ids import new_token

KEPT_AFTER_END_SECONDS = 60.0
OWNER = f"{socket.gethostname()}:{os.getpid()}:{new_token()[:8]}"[:64]

_turns: dict[UUID, LiveTurn] = {}


def find_live(turn_id: UUID) -> LiveTurn | None:
    """Return the turn if this process has it."""
    return _turns.get(turn_id)


def start_turn(turn_id: UUID) -> LiveTurn:
    """Start answering a queued turn; a turn that is here already is returned."""
    live = _turns.get(turn_id)
    if live is None:
        live = _turns[turn_id] = LiveTurn.create(turn_id)
        answer = Answer(live, owner=OWNER, forget=_turns.pop, release=_release)
        live.task = start_detached(answer.run(), name=f"turn-{turn_id}")
    return live


def _release(live: LiveTurn) -> None:
    """Keep a turn that is over for a while, and start what waits behind it."""
    asyncio.get_running_loop().call_later(
        KEPT_AFTER_END_SECONDS, _turns.pop, live.id, None
    )
    if not live.is_shut_down:
        start_detached(start_next(live.id, start_turn), name=f"next-{live.id}")


async def stop_all() -> None:
    """Cancel every answer of this process and wait until each is stored."""
    running = [
        turn.task for turn in _turns.values() if turn.task and not turn.task.done()
    ]
    for live in _turns.values():
        if not live.is_ending:
            live.end_frame = failed_frame(
                live.id,
                "interrupted",
                _("The server is restarting. What arrived is kept; ask again."),
                retryable=True,
            )
            live.stop()
        live.is_shut_down = True
    await asyncio.gather(*running, return_exceptions=True)
