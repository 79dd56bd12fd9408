"""A small server with the recording routes, for driving the browser modules."""

import hashlib
import json
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from recordings.http_range import capped, parse_range
from recordings.media.segments import SegmentInput
from tests.recordings.media.recorded import chunk

STATIC = Path(__file__).parents[3] / "static"
BASE = "/recording"
PAGE = b"<!doctype html><title>Recording</title><video muted></video>"


@dataclass
class Kept:
    """What has arrived, and how the server behaves."""

    segments: dict[str, dict[str, Any]] = field(default_factory=dict)
    chunks: dict[str, dict[int, bytes]] = field(default_factory=dict)
    closed: dict[str, dict[str, Any]] = field(default_factory=dict)
    conflicts: int = 0
    unavailable: bool = False
    lose_answers: int = 0
    media: Path | None = None

    def inputs(self) -> list[SegmentInput]:
        return [
            SegmentInput(
                name=name,
                start_ms=opened["started_ms"],
                chunks=[chunk(i, data) for i, data in self.chunks[name].items()],
                last_index=self.closed[name]["last_index"],
                duration_ms=self.closed[name]["duration_ms"],
            )
            for name, opened in self.segments.items()
        ]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, kept: Kept, *args: Any) -> None:
        self.kept = kept
        super().__init__(*args)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Silent."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/media" and self.kept.media is not None:
            self.send_media(self.kept.media)
            return
        path = STATIC / self.path.removeprefix("/static/")
        if self.path.startswith("/static/") and path.suffix == ".js" and path.is_file():
            self.answer(200, path.read_bytes(), Content_Type="text/javascript")
        elif self.path == "/":
            self.answer(200, PAGE, Content_Type="text/html")
        else:
            self.answer(404)

    def send_media(self, path: Path) -> None:
        data = path.read_bytes()
        wanted = parse_range(self.headers["Range"], len(data))
        assert wanted is not None
        part = capped(wanted)
        self.answer(
            206,
            data[part.first : part.last + 1],
            Content_Type=f"video/{path.suffix[1:]}",
            Accept_Ranges="bytes",
            Content_Range=f"bytes {part.first}-{part.last}/{len(data)}",
        )

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def do_POST(self) -> None:
        value = json.loads(self.body())
        if self.kept.unavailable:
            self.answer(503)
            return
        if self.path == f"{BASE}/segments":
            assert self.headers["X-CSRFToken"] == "token"
            self.kept.segments[value["segment"]] = value
            self.kept.chunks.setdefault(value["segment"], {})
        elif self.path.endswith("/ticket"):
            ticket = json.dumps(self.ticket(value)).encode()
            self.answer(200, ticket, Content_Type="application/json")
            return
        else:
            segment = self.path.removeprefix(f"{BASE}/segments/")
            self.kept.closed[segment.removesuffix("/close")] = value
        self.answer(201)

    def ticket(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Where to put a chunk, unless it is there."""
        place = self.path.removesuffix("/ticket")
        segment, index = place.removeprefix(f"{BASE}/segments/").split("/chunks/")
        known = self.kept.chunks[segment].get(int(index))
        if known is not None:
            self.kept.conflicts += hashlib.sha256(known).hexdigest() != wanted["sha256"]
            return {"state": "stored"}
        return {
            "state": "wanted",
            "method": "PUT",
            "url": place,
            "headers": {"X-Chunk-Sha256": wanted["sha256"]},
            "confirm": False,
        }

    def do_PUT(self) -> None:
        data = self.body()
        if self.kept.unavailable:
            self.answer(503)
            return
        segment, index = self.path.removeprefix(f"{BASE}/segments/").split("/chunks/")
        assert self.headers["X-Chunk-Sha256"] == hashlib.sha256(data).hexdigest()
        stored = self.kept.chunks[segment].setdefault(int(index), data)
        self.kept.conflicts += stored != data
        if self.kept.lose_answers:
            self.kept.lose_answers -= 1
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.answer(201)


class UploadServer:
    """Runs in a thread; `kept` is what it was given."""

    def __init__(self) -> None:
        self.kept = Kept()
        handler = partial(Handler, self.kept)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
