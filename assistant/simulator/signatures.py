"""Signs thinking blocks and refuses those replayed in another conversation."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from assistant.simulator.errors import ApiError
from assistant.simulator.wire import CountTokensRequest, Message

_SECRET = b"simulated thinking"


def sign_thinking(request: CountTokensRequest, thinking: str) -> str:
    """A signature bound to the model and to everything said before the block."""
    return _sign(request, request.messages, thinking)


def check_replayed_thinking(request: CountTokensRequest) -> None:
    """A thinking block must come back unmodified, after the same prefix."""
    for index, message in enumerate(request.messages):
        for number, block in enumerate(message.blocks):
            if block.type != "thinking":
                continue
            expected = _sign(request, request.messages[:index], block.thinking or "")
            if not hmac.compare_digest(expected, block.signature or ""):
                raise ApiError(
                    400,
                    f"messages.{index}.content.{number}: Invalid `signature` in "
                    "`thinking` block",
                )


def _sign(request: CountTokensRequest, before: Iterable[Message], thinking: str) -> str:
    digest = hmac.new(_SECRET, digestmod=hashlib.sha256)
    parts = [request.model, *(block.canonical() for block in request.system_blocks)]
    for message in before:
        parts.append(message.role)
        parts.extend(block.canonical() for block in message.blocks)
    for part in [*parts, thinking]:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\x00")
    return f"sim1.{digest.hexdigest()}"
