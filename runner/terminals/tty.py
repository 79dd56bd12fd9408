"""Our side of a terminal in the event loop: reading that can pause, bounded writing."""

import asyncio
import fcntl
import os
import termios
from collections.abc import Callable
from contextlib import suppress

from runner.bwrap.shells import set_size
from runner.protocol import Signal
from runner.terminals.bounds import FRAME_BYTES, INPUT_BYTES, RING_BYTES

# Not in every Python's `termios`.
_TIOCSIG = 0x40045436
_TIOCGPTPEER = 0x5441
_NUMBERS: dict[Signal, int] = {"INT": 2, "QUIT": 3, "TSTP": 20}
_KEYS: dict[int, Signal] = {
    termios.VINTR: "INT",
    termios.VQUIT: "QUIT",
    termios.VSUSP: "TSTP",
}


class Tty:
    """`take` gets each piece of output; `at_end` is called once nobody has the other
    side open any more."""

    def __init__(
        self, master: int, take: Callable[[bytes], None], at_end: Callable[[], None]
    ) -> None:
        self._master = master
        self._take = take
        self._at_end = at_end
        self._input = bytearray()
        self._is_reading = False
        self._has_ended = False
        self.resume()

    @property
    def waiting_input(self) -> int:
        """How many bytes were taken that no program has room for yet."""
        return len(self._input)

    @property
    def is_paused(self) -> bool:
        return not self._is_reading

    def pause(self) -> None:
        """Take nothing more: the programs wait once the kernel's buffer is full."""
        if self._is_reading:
            asyncio.get_running_loop().remove_reader(self._master)
            self._is_reading = False

    def resume(self) -> None:
        if not self._is_reading and not self._has_ended:
            asyncio.get_running_loop().add_reader(self._master, self._read)
            self._is_reading = True

    def write(self, data: bytes) -> int:
        """How many bytes were taken. A key that sends a signal is not held up by input
        that nobody reads: it takes its place, as it does in the kernel."""
        if self._input and len(data) == 1 and self._signal_by_key(data):
            return 1
        if self._has_ended:
            return 0
        taken = data[: INPUT_BYTES - len(self._input)]
        if taken:
            self._input += taken
            self._put()
        return len(taken)

    def resize(self, rows: int, cols: int) -> None:
        with suppress(OSError):
            set_size(self._master, rows, cols)

    def signal(self, name: Signal) -> None:
        """Signal the programs in front, and forget what they have not read."""
        with suppress(OSError, termios.error):
            self._forget_input()
        with suppress(OSError):
            fcntl.ioctl(self._master, _TIOCSIG, _NUMBERS[name])

    def close(self) -> None:
        """Take what is left, then let go; everything on the other side is dead."""
        self.pause()
        for _piece in range(RING_BYTES // FRAME_BYTES):
            try:
                data = os.read(self._master, FRAME_BYTES)
            except OSError:
                break
            if not data:
                break
            self._take(data)
        self._has_ended = True
        asyncio.get_running_loop().remove_writer(self._master)
        os.close(self._master)

    def _read(self) -> None:
        """The kernel hands out 4 KiB at a time, so several are taken at once."""
        room = FRAME_BYTES
        while room > 0 and self._is_reading:
            try:
                data = os.read(self._master, room)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.pause()
                self._has_ended = True
                self._at_end()
                return
            room -= len(data)
            self._take(data)

    def _put(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            written = os.write(self._master, self._input)
        except BlockingIOError:
            written = 0
        except OSError:
            written = len(self._input)
        del self._input[:written]
        if self._input:
            loop.add_writer(self._master, self._put)
        else:
            loop.remove_writer(self._master)

    def _forget_input(self) -> None:
        """Ours, what is on its way, and what the other side could read."""
        self._input.clear()
        termios.tcflush(self._master, termios.TCOFLUSH)
        flags = os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC
        other = fcntl.ioctl(self._master, _TIOCGPTPEER, flags)
        try:
            termios.tcflush(other, termios.TCIFLUSH)
        finally:
            os.close(other)

    def _signal_by_key(self, data: bytes) -> bool:
        """Whether the program in front wants this key to be a signal, which is sent."""
        try:
            settings = termios.tcgetattr(self._master)
        except termios.error:
            return False
        if not settings[3] & termios.ISIG:
            return False
        for index, name in _KEYS.items():
            if settings[6][index] == data:
                self.signal(name)
                return True
        return False
