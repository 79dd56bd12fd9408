"""The plain receiver: raw ASGI on uvicorn, each body written to a file as it comes.

`python -m bench.recordings.plain PORT FOLDER`. It checks, hashes, syncs and records
nothing: what aiohttp's or any other server's shortest handler would do.
"""

import sys
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import uvicorn

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_numbers = count()


async def receive_body(
    folder: Path, scope: dict[str, Any], receive: Receive, send: Send
) -> None:
    """Write one request's body to a file of its own."""
    assert scope["type"] == "http"
    with (folder / str(next(_numbers))).open("wb") as target:
        while True:
            message = await receive()
            target.write(message.get("body", b""))
            if not message.get("more_body"):
                break
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def main(port: int, folder: Path) -> None:
    """Serve until told to stop."""
    uvicorn.run(
        partial(receive_body, folder),
        interface="asgi3",
        port=port,
        lifespan="off",
        log_level="error",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
