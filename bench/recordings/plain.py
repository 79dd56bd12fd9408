"""The plain receiver: aiohttp, each body written to a file as it comes.

`python -m bench.recordings.plain PORT FOLDER`. It checks, hashes, syncs and records
nothing.
"""

import sys
from itertools import count
from pathlib import Path

from aiohttp import web

_numbers = count()
FOLDER = web.AppKey("folder", Path)


async def receive_body(request: web.Request) -> web.Response:
    """Write one request's body to a file of its own."""
    with (request.app[FOLDER] / str(next(_numbers))).open("wb") as target:
        async for block in request.content.iter_any():
            target.write(block)
    return web.Response(status=201)


def main(port: int, folder: Path) -> None:
    """Serve until told to stop."""
    app = web.Application()
    app[FOLDER] = folder
    app.router.add_route("*", "/{path:.*}", receive_body)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
