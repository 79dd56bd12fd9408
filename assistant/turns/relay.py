"""What this process tells other processes of its turns, and hears from them."""

from functools import partial
from uuid import UUID

from assistant.turns.control import obey
from assistant.turns.live import LiveTurn
from assistant.turns.log import Connect, LogWriter, connect
from assistant.turns.tail import LogTail


class Relay:
    """The turn log and the orders of one process; without Redis it does nothing."""

    def __init__(self, connect: Connect = connect) -> None:
        self._here: dict[UUID, LiveTurn] = {}
        self.writer = LogWriter(connect)
        self.tail = LogTail(partial(obey, find=self._here.get), connect)

    def publish(self, live: LiveTurn) -> None:
        """Write a turn of this process to the log and obey orders for it, to its end."""
        self._here[live.id] = live
        self.writer.add(live)
        self.tail.listen()

    def end(self, live: LiveTurn) -> None:
        """Expect no more orders for it; its last words are still written."""
        if self._here.pop(live.id, None) is not None:
            self.tail.unlisten()


relay = Relay()
