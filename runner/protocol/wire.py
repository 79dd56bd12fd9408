"""Length-prefixed JSON on a stream: four bytes big-endian, then UTF-8 JSON."""

import asyncio
import json
import struct
from typing import Protocol

from runner.protocol.fields import ProtocolError

MAX_FRAME_BYTES = 40 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class Frame(Protocol):
    """Anything that can say its JSON."""

    def to_json(self) -> dict[str, object]: ...


def encode_frame(frame: Frame) -> bytes:
    """The bytes to put on the socket; ProtocolError when the frame is too large."""
    body = json.dumps(frame.to_json(), separators=(",", ":")).encode()
    if len(body) > MAX_FRAME_BYTES:
        raise ProtocolError("The request is too large to send.")
    return _LENGTH.pack(len(body)) + body


async def read_frame(
    reader: asyncio.StreamReader, *, limit: int = MAX_FRAME_BYTES
) -> object | None:
    """The next decoded JSON value, or None when the other side has closed."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > limit:
            raise ProtocolError("The frame is too large.")
        body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    try:
        decoded: object = json.loads(body)
    except (ValueError, RecursionError):
        raise ProtocolError("The frame is not JSON.") from None
    return decoded
