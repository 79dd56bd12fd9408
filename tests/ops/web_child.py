"""A web process for the tests of its end: `python -m tests.ops.web_child SERVER PORT OUT`."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from channels.routing import ProtocolTypeRouter

from base.detached import on_shutdown, start_detached
from interviewlm import web
from interviewlm.bodies import BODY_FILE, BodyLimit

STUCK = "stuck"


async def tick(send: Any) -> None:
    """Send until cancelled."""
    while True:
        await send({"type": "websocket.send", "text": "tick"})
        await asyncio.sleep(0.02)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Tick on every socket; answer every request with its body's size or its path."""
    if scope["type"] == "websocket":
        await socket(scope, receive, send)
        return
    given = scope.get(BODY_FILE)
    size = given.seek(0, os.SEEK_END) if given else 0
    while (message := await receive())["type"] == "http.request":
        size += len(message["body"])
        if not message["more_body"]:
            break
    else:
        return
    body = str(size).encode() if size else scope["path"].encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Tick; on /stuck ignore that the client or the server has gone."""
    await receive()
    await send({"type": "websocket.accept"})
    ticking = asyncio.create_task(tick(send))
    while (await receive())["type"] != "websocket.disconnect":
        pass
    ticking.cancel()
    while scope["path"] == f"/{STUCK}":
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue


async def turn(out: Path) -> None:
    """Stand for a live turn: cancelled at the end, with time to say so."""
    try:
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        await asyncio.sleep(0.1)
        (out / "turn").write_text("marked", encoding="utf-8")
        raise


def main(server: str, port: str, folder: str) -> None:
    """Serve, with one hook and one detached task to be ended."""
    out = Path(folder)

    async def hook() -> None:
        start_detached(turn(out), name="turn")
        await asyncio.sleep(0.1)
        (out / "hook").write_text("awaited", encoding="utf-8")

    on_shutdown(hook)
    limited = ProtocolTypeRouter(
        {"http": BodyLimit(application), "websocket": application}
    )
    web.serve(limited, server=server, host="127.0.0.1", port=int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
