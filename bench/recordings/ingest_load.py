"""Browsers that send chunks, in a process of their own.

Reads a plan as JSON from its input and writes the seconds that tickets and puts took, as JSON.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from time import perf_counter
from typing import Any
from uuid import uuid4

# Number, bytes, SHA-256.
Chunk = tuple[int, bytes, str]
TOKEN = "a" * 32
_MARK_BYTES = 16


@dataclass(frozen=True)
class Plan:
    """Who sends how much where; without interviews only bodies are put.

    `interviews` are [id, cookie]; each of them is one browser, three requests at once.
    """

    port: int
    interviews: list[list[str]]
    browsers: int
    chunks: int
    chunk_bytes: int
    at_once: int = 3


class Browser:
    """One segment of one interview, or nobody's at the plain receiver."""

    def __init__(self, plan: Plan, interview: list[str] | None) -> None:
        self._plan = plan
        self._headers = {"X-CSRFToken": TOKEN}
        self._base = ""
        if interview is not None:
            number, cookie = interview
            self._headers["Cookie"] = f"{cookie}; csrftoken={TOKEN}"
            self._base = f"/api/v1/interviews/{number}/recordings/segments"
        self._segment = str(uuid4())
        self._tickets: dict[int, dict[str, Any]] = {}

    def open(self) -> None:
        """Announce the recorder."""
        if self._base:
            opening = {
                "segment": self._segment,
                "mime_type": "video/webm;codecs=vp9,opus",
                "started_ms": 0,
            }
            self._ask(self._connect(), "POST", self._base, json.dumps(opening))

    def announce(self, chunks: list[Chunk]) -> None:
        """Ask for the tickets of some chunks."""
        connection = self._connect()
        for index, data, digest in chunks:
            facts = {
                "sha256": digest,
                "size": len(data),
                "start_ms": index * 10_000,
                "duration_ms": 10_000,
            }
            place = f"{self._base}/{self._segment}/chunks/{index}/ticket"
            answer = self._ask(connection, "POST", place, json.dumps(facts))
            self._tickets[index] = json.loads(answer)

    def put(self, chunks: list[Chunk]) -> None:
        """Send some chunks one after another on one connection."""
        connection = self._connect()
        for index, data, _digest in chunks:
            ticket = self._tickets.get(index, {"url": "/", "headers": {}})
            self._ask(connection, "PUT", ticket["url"], data, headers=ticket["headers"])

    def _connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self._plan.port, timeout=120)

    def _ask(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        body: str | bytes,
        *,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        kind = {"Content-Type": "application/json"} if isinstance(body, str) else {}
        connection.request(
            method, path, body, headers=self._headers | kind | (headers or {})
        )
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in {200, 201}:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]!r}")
        return text


def _chunks(plan: Plan) -> Iterator[Chunk]:
    """Chunks from the second on: the first would be looked into for its header."""
    rest = os.urandom(plan.chunk_bytes - _MARK_BYTES)
    for index in range(1, plan.chunks + 1):
        data = os.urandom(_MARK_BYTES) + rest
        yield index, data, hashlib.sha256(data).hexdigest()


def run(plan: Plan) -> dict[str, float]:
    """Send all of it; return the seconds that tickets and puts took."""
    names: list[list[str] | None] = [*plan.interviews] or [None] * plan.browsers
    browsers = [Browser(plan, name) for name in names[: plan.browsers]]
    for browser in browsers:
        browser.open()
    chunks = list(_chunks(plan))
    lanes = [
        (browser, chunks[lane :: plan.at_once])
        for browser in browsers
        for lane in range(plan.at_once)
    ]
    with ThreadPoolExecutor(len(lanes)) as pool:
        tickets = 0.0
        if plan.interviews:
            tickets = _timed([pool.submit(one.announce, part) for one, part in lanes])
        puts = _timed([pool.submit(one.put, part) for one, part in lanes])
    return {"tickets": tickets, "puts": puts}


def _timed(started: list[Future[None]]) -> float:
    begin = perf_counter()
    for done in started:
        done.result()
    return perf_counter() - begin


def main() -> None:
    """Do what the plan says."""
    print(json.dumps(run(Plan(**json.loads(sys.stdin.read())))))


if __name__ == "__main__":
    main()
