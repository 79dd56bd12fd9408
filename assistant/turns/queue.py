"""The question behind the live one: started when that has ended."""

from collections.abc import Callable
from uuid import UUID

from assistant.services.queue import promote_behind
from assistant.turns.threads import in_thread


async def start_next(turn_id: UUID, start: Callable[[UUID], object]) -> None:
    """Start what waited behind a turn that has ended, in this process."""
    waiting = await in_thread(promote_behind)(turn_id)
    if waiting is not None:
        start(waiting)
