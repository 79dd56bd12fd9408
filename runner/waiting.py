"""A first-come-first-served queue in front of a fixed number of places."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from runner.errors import RunnerBusyError

MAX_WAITING = 200
MAX_WAIT_SECONDS = 120.0

Notify = Callable[[int], Awaitable[None]]


class _Ticket:
    def __init__(self, notify: Notify) -> None:
        self.notify = notify
        self.called = asyncio.Event()
        self.moved = asyncio.Event()


class WaitingRoom:
    """Hands out places in order; whoever waits is told each new position."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._places = places
        self._tickets: deque[_Ticket] = deque()

    @property
    def running(self) -> int:
        return self._places - self._free

    @property
    def waiting(self) -> int:
        return len(self._tickets)

    @asynccontextmanager
    async def place(self, notify: Notify, cancel: asyncio.Event) -> AsyncIterator[bool]:
        """Wait for a place; yields False when `cancel` was set before there was one.

        Raises RunnerBusyError when too many wait already, or after waiting too long.
        """
        has_place = await self._enter(notify, cancel)
        try:
            yield has_place
        finally:
            if has_place:
                self._leave()

    async def _enter(self, notify: Notify, cancel: asyncio.Event) -> bool:
        if self._free > 0 and not self._tickets:
            self._free -= 1
            return True
        if len(self._tickets) >= MAX_WAITING:
            raise RunnerBusyError("Too many runs are waiting. Try again in a moment.")
        ticket = _Ticket(notify)
        self._tickets.append(ticket)
        try:
            await self._wait(ticket, cancel)
        except BaseException:
            self._give_up(ticket)
            raise
        if cancel.is_set() or not ticket.called.is_set():
            self._give_up(ticket)
            if not cancel.is_set():
                raise RunnerBusyError("The run waited too long. Try again in a moment.")
            return False
        return True

    async def _wait(self, ticket: _Ticket, cancel: asyncio.Event) -> None:
        """Until called, cancelled or out of patience, telling every move."""
        telling = asyncio.create_task(self._tell(ticket))
        waits = {asyncio.create_task(event.wait()) for event in (ticket.called, cancel)}
        try:
            await asyncio.wait(
                {*waits, telling},
                timeout=MAX_WAIT_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for task in (*waits, telling):
                task.cancel()
            await asyncio.gather(*waits, telling, return_exceptions=True)

    async def _tell(self, ticket: _Ticket) -> None:
        told = 0
        while True:
            ticket.moved.clear()
            position = self._tickets.index(ticket) + 1
            if position != told:
                told = position
                await ticket.notify(position)
            await ticket.moved.wait()

    def _give_up(self, ticket: _Ticket) -> None:
        if ticket.called.is_set():
            self._leave()
        else:
            self._tickets.remove(ticket)
            self._move_up()

    def _leave(self) -> None:
        """Pass the place on to the next in line, or free it."""
        if self._tickets:
            self._tickets.popleft().called.set()
            self._move_up()
        else:
            self._free += 1

    def _move_up(self) -> None:
        for ticket in self._tickets:
            ticket.moved.set()
