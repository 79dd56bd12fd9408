"""Detached tasks outlive their starter, and a shutdown waits for their ends."""

import asyncio
import logging
from contextvars import ContextVar

import pytest

from base import detached

_variable: ContextVar[str] = ContextVar("variable", default="empty")


async def test_task_starts_in_an_empty_context() -> None:
    seen: list[str] = []
    _variable.set("inherited")

    async def work() -> None:
        seen.append(_variable.get())

    await detached.start_detached(work(), name="probe")

    assert seen == ["empty"]


async def test_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise ValueError("broken")

    with caplog.at_level(logging.ERROR):
        task = detached.start_detached(work(), name="breaks")
        await asyncio.wait([task])
        await asyncio.sleep(0)

    assert "breaks" in caplog.text


async def test_startup_awaits_every_hook_even_if_one_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []
    monkeypatch.setattr(detached, "_startup_hooks", [])

    async def failing_hook() -> None:
        raise OSError("gone")

    async def hook() -> None:
        order.append("hook")

    detached.on_startup(failing_hook)
    detached.on_startup(hook)
    await detached.start_up()

    assert order == ["hook"]


async def test_shutdown_awaits_hooks_and_cancels_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []
    monkeypatch.setattr(detached, "_shutdown_hooks", [])
    monkeypatch.setattr(detached, "_end_hooks", [])

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            order.append("cancelled")
            raise

    async def failing_hook() -> None:
        raise OSError("gone")

    async def hook() -> None:
        order.append("hook")

    async def close() -> None:
        order.append("closed")

    task = detached.start_detached(work(), name="waits")
    await asyncio.sleep(0)
    detached.on_end(close)
    detached.on_shutdown(failing_hook)
    detached.on_shutdown(hook)
    await detached.shut_down()

    assert order == ["hook", "cancelled", "closed"]
    assert task.cancelled()
