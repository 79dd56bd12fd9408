"""Tasks that outlive the socket or request that started them, and how they end."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")
_tasks: set[asyncio.Task[Any]] = set()
_startup_hooks: list[Callable[[], Awaitable[None]]] = []
_shutdown_hooks: list[Callable[[], Awaitable[None]]] = []
_end_hooks: list[Callable[[], Awaitable[None]]] = []


def _observe(task: asyncio.Task[Any]) -> None:
    _tasks.discard(task)
    if not task.cancelled() and task.exception() is not None:
        logger.error(
            "Detached task %s failed", task.get_name(), exc_info=task.exception()
        )


def start_detached(work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
    """Run `work` on its own, in an empty context, its failure logged.

    The empty context matters: a task started inside a socket's
    ThreadSensitiveContext may not query once that socket is gone (asgiref).
    """
    task = asyncio.get_running_loop().create_task(
        work, name=name, context=contextvars.Context()
    )
    _tasks.add(task)
    task.add_done_callback(_observe)
    return task


async def to_its_end(work: Awaitable[_Result]) -> _Result:
    """Await what a thread does; being cancelled meanwhile shows once it is done.

    No thread can be stopped: whoever cleans up after being cancelled has to know what
    it did. What it raises then is dropped.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


def on_startup(hook: Callable[[], Awaitable[None]]) -> None:
    """Have `hook` awaited once when the web process listens."""
    _startup_hooks.append(hook)


async def start_up() -> None:
    """Await every hook, side by side; one that fails is logged and stops nobody."""
    await asyncio.gather(*(_run_hook(hook) for hook in _startup_hooks))


def on_shutdown(hook: Callable[[], Awaitable[None]]) -> None:
    """Have `hook` awaited once when the web process is told to stop."""
    _shutdown_hooks.append(hook)


def on_end(hook: Callable[[], Awaitable[None]]) -> None:
    """Have `hook` awaited once the web process runs nothing any more: it closes."""
    _end_hooks.append(hook)


async def shut_down() -> None:
    """Await every hook, side by side, then cancel and await what is still running.

    What they used is closed after them, by the hooks of the end.
    """
    await asyncio.gather(*(_run_hook(hook) for hook in _shutdown_hooks))
    remaining = [task for task in _tasks if not task.done()]
    for task in remaining:
        task.cancel()
    await asyncio.gather(*remaining, return_exceptions=True)
    await asyncio.gather(*(_run_hook(hook) for hook in _end_hooks))


async def _run_hook(hook: Callable[[], Awaitable[None]]) -> None:
    try:
        await hook()
    except Exception:
        logger.exception("A hook of the process failed")
