"""A WebSocket client that does nothing but count: it must not be what is measured."""

import asyncio
import base64
import secrets
import struct
from array import array
from collections.abc import Iterator

from bench.relays.dialects import Dialect, Seat
from bench.relays.stamps import ARRIVED, SENT, microseconds

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_FINAL, _MASKED = 0x80, 0x80


class ListeningSocket(asyncio.Protocol):
    """One page that asks once, notes when each piece of the answer came, and leaves."""

    def __init__(self, seat: Seat, dialect: Dialect) -> None:
        self._seat = seat
        self._dialect = dialect
        self._rest = b""
        self._is_open = False
        self._asked_at = 0
        self._sent_last = 0
        self._transport: asyncio.Transport
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.begun: asyncio.Future[None] = loop.create_future()
        self.told: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.lags = array("q")
        self.expected = 0
        self.frames = 0
        self.first_added: int | None = None

    def ask(self, expected: int) -> None:
        """Ask; `told` is done once so many pieces have come."""
        self.expected = expected
        self._asked_at = microseconds()
        self._send(_TEXT, self._dialect.question().encode())

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        headers = {
            "Host": "127.0.0.1",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
            "Sec-WebSocket-Version": "13",
            **self._seat.headers,
        }
        lines = [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join([f"GET {self._seat.path} HTTP/1.1", *lines, "", ""])
        transport.write(request.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        """A relay that hangs up early has failed."""
        self._fail(exc or ConnectionError("The relay closed a socket."))

    def data_received(self, data: bytes) -> None:
        """Read what is complete."""
        self._rest += data
        try:
            if not self._is_open:
                self._take_handshake()
            if self._is_open:
                for kind, payload in self._frames():
                    self._take(kind, payload)
        except RuntimeError as error:
            self._fail(error)

    def _take_handshake(self) -> None:
        head, blank, rest = self._rest.partition(b"\r\n\r\n")
        if not blank:
            return
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(head.decode(errors="replace"))
        self._rest, self._is_open = rest, True
        if self._dialect.opens_ready:
            self.ready.set_result(None)

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """Yield what has come whole; a server's frames are not masked."""
        data, at = self._rest, 0
        while len(data) >= at + 2:
            length, begin = data[at + 1], at + 2
            if length == 126:
                length, begin = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, begin = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if begin > len(data) or begin + length > len(data):
                break
            yield data[at] & 0x0F, data[begin : begin + length]
            at = begin + length
        self._rest = data[at:]

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == _PING:
            self._send(_PONG, payload)
        elif kind == _CLOSE:
            raise RuntimeError(f"closed: {payload[2:].decode(errors='replace')}")
        elif self._dialect.is_text(payload):
            self._take_text(payload)
        elif self._dialect.is_end(payload):
            _settle(self.ended)
        else:
            for reply in self._dialect.replies(payload):
                self._send(_TEXT, reply.encode())
            if self._dialect.is_ready(payload):
                _settle(self.ready)

    def _take_text(self, payload: bytes) -> None:
        at = microseconds()
        self.frames += 1
        for stamp in SENT.findall(payload):
            sent = int(stamp)
            if sent <= self._sent_last:
                raise RuntimeError("A piece came twice, or out of order.")
            self._sent_last = sent
            self.lags.append(at - sent)
        if self.first_added is None:
            self._note_first(payload, self.lags[0])
        if len(self.lags) == self.expected:
            _settle(self.told)

    def _note_first(self, payload: bytes, lag: int) -> None:
        """Note what the relay added before the upstream had the question, and after."""
        arrived = ARRIVED.search(payload)
        if arrived is None:
            raise RuntimeError("The beginning of an answer is missing.")
        self.first_added = int(arrived[1]) - self._asked_at + lag
        _settle(self.begun)

    def _send(self, kind: int, payload: bytes) -> None:
        """Send one frame, under a mask that changes nothing."""
        length = len(payload)
        head = struct.pack("!BBH", _FINAL | kind, _MASKED | 126, length)
        if length < 126:
            head = struct.pack("!BB", _FINAL | kind, _MASKED | length)
        self._transport.write(head + bytes(4) + payload)

    def _fail(self, error: Exception) -> None:
        for future in (self.ready, self.begun, self.told, self.ended):
            if not future.done():
                future.set_exception(error)
                future.exception()  # whoever waits for it gets it; nobody need


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
