"""The bare SDK relay: raw ASGI on uvicorn, one frame per event of the official SDK.

`python -m bench.relays.bare PORT UPSTREAM`. It keeps, counts and resumes nothing.
"""

import json
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import uvicorn
from anthropic import AsyncAnthropic

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def relay(
    client: AsyncAnthropic, scope: dict[str, Any], receive: Receive, send: Send
) -> None:
    """Answer each message of a socket, token by token."""
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        stream = await client.messages.create(
            model="claude-sonnet-5-5",
            max_tokens=4096,
            messages=[{"role": "user", "content": message["text"]}],
            stream=True,
        )
        async for event in stream:
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                await _send(send, {"type": "delta", "text": event.delta.text})
        await _send(send, {"type": "done"})


async def _send(send: Send, frame: dict[str, str]) -> None:
    await send({"type": "websocket.send", "text": json.dumps(frame)})


def main(port: int, upstream: str) -> None:
    """Serve until told to stop."""
    client = AsyncAnthropic(api_key="bench", base_url=upstream, max_retries=0)
    uvicorn.run(
        partial(relay, client),
        interface="asgi3",
        port=port,
        lifespan="off",
        log_level="error",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
