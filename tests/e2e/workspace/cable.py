"""The cable between a browser and the site, which a test may cut."""

import contextlib
import socket
import struct
import threading
from typing import Final

_RESET: Final = struct.pack("ii", 1, 0)
_CHUNK = 65_536


class Cable:
    """A loopback port in front of another one; `address` is its origin.

    While it is cut, connections end at once and what was on its way is lost.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://localhost:{self._listener.getsockname()[1]}"
        self._is_cut = False
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """Break every connection and let none be made."""
        with self._lock:
            self._is_cut = True
            ends, self._ends = self._ends, set()
        for end in ends:
            _break(end)

    def mend(self) -> None:
        """Let connections be made again."""
        self._is_cut = False

    def remove(self) -> None:
        """Leave nothing open."""
        self.cut()
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                self._join(near)

    def _join(self, near: socket.socket) -> None:
        if self._is_cut:
            _break(near)
            return
        try:
            far = socket.create_connection(("127.0.0.1", self._port))
        except OSError:
            _break(near)
            return
        with self._lock:
            self._ends |= {near, far}
        for one, other in ((near, far), (far, near)):
            pump = threading.Thread(target=self._pump, args=(one, other), daemon=True)
            pump.start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        with self._lock:
            self._ends -= {source, target}


def _break(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RDWR)
    end.close()
