"""One call of a tool: checked, run within its time, never raising."""

import asyncio
import inspect
import logging
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from channels.db import database_sync_to_async
from django.utils.translation import gettext as _

from assistant.tools.base import ToolContext, ToolOutcome
from assistant.tools.catalogue import CATALOGUE, Tool
from assistant.tools.schemas import InputError, read_input
from base.errors import DomainError

logger = logging.getLogger(__name__)

# Apart from the threads that keep turns alive: a search may take its time.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="tool")


async def run_tool(
    context: ToolContext,
    name: str,
    given: Mapping[str, Any] | None,
    *,
    allowed: Collection[str],
) -> ToolOutcome:
    """Return what a call gives; whatever is wrong with it, the model is told.

    `given` is None where it was no JSON object. Only being cancelled comes through.
    """
    tool = CATALOGUE.get(name)
    if tool is None or name not in allowed:
        names = ", ".join(each for each in CATALOGUE if each in allowed)
        return _refused(f"There is no such tool here. There are: {names or 'none'}.")
    if given is None:
        return _refused(
            "The input was cut off, or is no JSON object. Nothing was done."
        )
    try:
        asked = read_input(tool.shape, given)
    except InputError as error:
        return _refused(f"The input does not fit: {error}")
    try:
        async with asyncio.timeout(tool.seconds):
            return await _work(tool, context, asked)
    except TimeoutError:
        return _refused("It took too long and was given up.", _("took too long"))
    except DomainError as error:
        return _refused(str(error.message))
    except Exception:
        logger.exception("Tool %s failed in turn %s", name, context.turn_id)
        return _refused("It failed for a reason of ours. Go on without it.")


async def _work(
    tool: Tool, context: ToolContext, asked: Mapping[str, Any]
) -> ToolOutcome:
    if inspect.iscoroutinefunction(tool.work):
        outcome: ToolOutcome = await tool.work(context, asked)
        return outcome
    in_thread = database_sync_to_async(
        tool.work, thread_sensitive=False, executor=_threads
    )
    done: Any = await in_thread(context, asked)
    return cast("ToolOutcome", done)


def _refused(text: str, detail: str = "") -> ToolOutcome:
    return ToolOutcome(text, is_error=True, detail=detail)
