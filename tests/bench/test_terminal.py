"""The terminal benchmark: its pages read as a browser does, and its figures are ratios."""

import json
from collections.abc import Iterator
from typing import cast

import pytest
from websockets.asyncio.client import ClientConnection

from bench.terminal import SIZE, _reading, _typing
from bench.terminals.load import Plan, Sample
from bench.terminals.pages import ACK_BYTES, Page, Seat


class _Socket:
    """Gives what it has, and keeps what is sent."""

    def __init__(self, *messages: str | bytes) -> None:
        self._messages: Iterator[str | bytes] = iter(messages)
        self.sent: list[str | bytes] = []

    async def recv(self) -> str | bytes:
        return next(self._messages)

    async def send(self, data: str | bytes) -> None:
        self.sent.append(data)


def _page(socket: _Socket, *, is_ours: bool = True) -> Page:
    return Page(cast("ClientConnection", socket), is_ours)


def _frame(offset: int, data: bytes) -> bytes:
    return offset.to_bytes(8, "big") + data


async def test_page_acknowledges_what_it_has_shown() -> None:
    hello = json.dumps({"type": "hello", "offset": 7})
    big = b"x" * ACK_BYTES
    socket = _Socket(hello, _frame(7, b"first"), _frame(12, big))
    page = _page(socket)

    assert await page.receive() == b"first"
    assert socket.sent == []
    assert await page.receive() == big
    assert socket.sent == [json.dumps({"type": "ack", "upto": 12 + ACK_BYTES})]


async def test_page_leaves_what_follows_a_word() -> None:
    page = _page(_Socket(b"on", b"e$ tw", b"o$ "), is_ours=False)

    await page.see(b"one$ ")
    await page.see(b"two$ ")


async def test_end_of_a_terminal_fails_the_run() -> None:
    page = _page(_Socket(json.dumps({"type": "exit", "code": 0, "reason": "exit"})))

    with pytest.raises(RuntimeError):
        await page.receive()


def test_plan_survives_the_pipe() -> None:
    plan = Plan([Seat("ws://x", {"Cookie": "a"}, is_ours=True)], {"web": 1}, SIZE, 5)
    text = json.dumps(
        {"seats": [vars_of(plan.seats[0])], "processes": {"web": 1}, "size": SIZE}
        | {"pace": 5}
    )

    assert Plan.read(text) == plan


def vars_of(seat: Seat) -> dict[str, object]:
    return {"url": seat.url, "headers": seat.headers, "is_ours": seat.is_ours}


def test_figures_are_ratios_within_a_round() -> None:
    ours = Sample(
        p50=0.004, p99=0.02, grown={"web": 2.0}, peak={"web": 9.0}, idle_cpu={"web": 0}
    )
    bare = Sample(p50=0.001, p99=0.01, grown={"bare": 1.0})
    middle, tail = _typing([(ours, bare)] * 3, 2)
    ours.seconds, bare.seconds = 6.0, 2.0
    flood = _reading([(ours, bare)], "fast")

    assert (middle.ratio, tail.ratio, flood.ratio) == (4.0, 2.0, 3.0)
    assert "web 1024 KiB" in middle.note
    assert "9 MiB at most" in flood.note
