"""How much of a terminal's output is on its way to a page that has not shown it yet."""

import asyncio


class AckWindow:
    """Counts what was sent and not yet acknowledged; never more than `most` bytes.

    Some servers buffer without bound for a page that stalls (daphne), so this window
    is what bounds the memory a page can take. Positions are the terminal's own: what a
    viewer has missed is counted as if it had been shown.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._sent = 0
        self._shown = 0
        self._missed: list[tuple[int, int]] = []
        self._room = asyncio.Event()

    def restart(self, offset: int) -> None:
        """Begin with nothing on its way, before the byte `offset`."""
        self._sent = self._shown = offset
        self._missed.clear()
        self._room.set()

    @property
    def unshown(self) -> int:
        """How many bytes are on their way."""
        missed = sum(size for end, size in self._missed if end > self._shown)
        return max(0, self._sent - self._shown - missed)

    def miss(self, offset: int) -> None:
        """What lies between the last byte sent and this one is never sent."""
        self._missed.append((offset, offset - self._sent))
        self._sent = offset

    def send(self, size: int) -> None:
        """So many bytes more are on their way."""
        self._sent += size

    def show(self, upto: int) -> int:
        """The page has shown all bytes before `upto`; return how far that is at most."""
        self._shown = max(self._shown, min(upto, self._sent))
        self._missed = [each for each in self._missed if each[0] > self._shown]
        self._room.set()
        return self._shown

    async def wait(self, size: int, seconds: float) -> None:
        """Wait until so many bytes have room. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self.unshown + size > self._most:
                self._room.clear()
                await self._room.wait()
