"""A stand-in for the Messages API, as lean as can be: every stream at a steady pace.

`python -m bench.relays.upstream PORT`. What is asked waits until as many as are
expected have come; then all are answered at once, each delta with the microsecond at
which it was sent in its text (`@`), the first one with that of the request too (`!`).
"""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.relays.stamps import microseconds

SLOTS = 20
_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\nrequest-id: req_bench\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


@dataclass
class Gate:
    """Whoever waits to be answered, and how they all will be; `/gate` sets it."""

    rooms: int = 1
    deltas: int = 300
    each_second: float = 50.0
    # So long after the last question, and before the last event, no delta is sent:
    # what asking and ending cost is measured apart from the relaying.
    pause: float = 0.6
    waiting: list["Line"] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def enter(self, line: "Line") -> None:
        """Have a request wait; the last one that is expected opens the gate."""
        self.waiting.append(line)
        if len(self.waiting) >= self.rooms:
            lines, self.waiting = self.waiting, []
            task = asyncio.create_task(self._answer(lines))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _answer(self, lines: list["Line"]) -> None:
        """Send to all, each a little after the one before: rooms are not in step."""
        await asyncio.sleep(self.pause)
        begin = asyncio.get_running_loop().time()
        slots = [lines[number::SLOTS] for number in range(SLOTS)]
        for number in range(self.deltas * SLOTS):
            due = begin + number / SLOTS / self.each_second
            await _sleep_until(due)
            for line in slots[number % SLOTS]:
                line.send_delta()
        await asyncio.sleep(self.pause)
        for line in lines:
            line.send_end(self.deltas)


async def _sleep_until(due: float) -> None:
    left = due - asyncio.get_running_loop().time()
    if left > 0:
        await asyncio.sleep(left)


class Line(asyncio.Protocol):
    """One connection: requests one after the other."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._rest = b""
        self._arrived: int | None = None
        self._write: Callable[[bytes], None] = lambda _data: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        assert isinstance(transport, asyncio.Transport)
        self._write = transport.write

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits here any more."""
        self._write = lambda _data: None
        if self in self._gate.waiting:
            self._gate.waiting.remove(self)

    def data_received(self, data: bytes) -> None:
        """Take a request once it is whole."""
        self._rest += data
        head, blank, rest = self._rest.partition(b"\r\n\r\n")
        length = _content_length(head)
        if not blank or len(rest) < length:
            return
        body, self._rest = rest[:length], rest[length:]
        self._take(head.split(b" ", 2)[1].decode(), body)

    def _take(self, path: str, body: bytes) -> None:
        if path.startswith("/v1/messages/count_tokens"):
            self._answer({"input_tokens": 50})
        elif path.startswith("/v1/messages"):
            self._arrived = microseconds()
            self._write(_HEAD)
            self._send("message_start", message=_message(json.loads(body)["model"]))
            self._gate.enter(self)
        elif path == "/gate":
            for name, value in json.loads(body).items():
                setattr(self._gate, name, value)
            self._gate.waiting.clear()
            self._answer({})
        else:
            self._answer({"status": "ok"})

    def _answer(self, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(data)}\r\n"
        self._write(f"{head}content-type: application/json\r\n\r\n".encode() + data)

    def send_delta(self) -> None:
        """Send the next piece, the block's opening before the first one."""
        text = f"@{microseconds():012d} word "
        if self._arrived is not None:
            text = f"!{self._arrived:012d} {text}"
            self._arrived = None
            opening = {"type": "text", "text": ""}
            self._send("content_block_start", index=0, content_block=opening)
            self._send("ping")
        self._write(_chunk(_DELTA % text.encode()))

    def send_end(self, deltas: int) -> None:
        """Send what closes an answer."""
        self._send("content_block_stop", index=0)
        self._send(
            "message_delta",
            delta={"stop_reason": "end_turn", "stop_sequence": None},
            usage={"output_tokens": deltas},
        )
        self._send("message_stop")
        self._write(b"0\r\n\r\n")

    def _send(self, kind: str, **fields: Any) -> None:
        data = json.dumps({"type": kind, **fields})
        self._write(_chunk(f"event: {kind}\ndata: {data}\n\n".encode()))


_DELTA = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    b'"delta":{"type":"text_delta","text":"%b"}}\n\n'
)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _colon, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _message(model: str) -> dict[str, Any]:
    return {
        "id": "msg_bench",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": model,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 50,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 1,
        },
    }


async def main(port: int) -> None:
    """Serve until killed."""
    gate = Gate()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Line(gate), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
