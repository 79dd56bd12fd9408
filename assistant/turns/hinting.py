"""Hints that a model writes: each in a task of its own, whatever becomes of its page."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.utils.translation import gettext as _

from assistant.errors import AssistantError, ProviderError
from assistant.models import HintUse
from assistant.protocol import HintTake
from assistant.services.asking import SingleCall
from assistant.services.hints import (
    describe_ladder,
    fail_hint,
    keep_hint,
    plan_hint,
    take_hint,
)
from assistant.services.metering import HINT
from assistant.turns.threads import in_thread
from base.detached import start_detached
from interviews.models import Interview
from interviews.notifications import interview_group, tell_group

logger = logging.getLogger(__name__)


async def take_rung(interview_id: UUID, frame: HintTake, *, asked: str = "") -> HintUse:
    """Take the next hint and show the ladder on every page.

    A model's hint follows when it is written. `asked` is the channel of the socket
    that asked, which answers by itself. Raises what `take_hint` raises.
    """
    hint, is_begun = await database_sync_to_async(take_hint)(
        interview_id, client_id=frame.id, folder=frame.section, files=frame.files
    )
    if is_begun:
        start_detached(_write(hint.pk, interview_id), name=f"hint-{hint.pk}")
    await _tell(interview_id, asked=asked)
    return hint


async def _tell(interview_id: UUID, *, asked: str = "") -> None:
    """Tell the pages; one that hears nothing learns it from its next hello."""
    message = {"type": "hints.changed", "asked": asked}
    await tell_group(interview_group(interview_id), message)


def read_ladder(interview_id: UUID) -> Mapping[str, Any] | None:
    """Return the ladder for pages; None where there is none."""
    return describe_ladder(
        Interview.objects.select_related("assessment_version").get(pk=interview_id)
    )


async def _write(hint_id: UUID, interview_id: UUID) -> None:
    try:
        await _ask(hint_id)
    except asyncio.CancelledError:
        await asyncio.shield(in_thread(fail_hint)(hint_id, _interrupted()))
        raise
    except AssistantError as error:
        await in_thread(fail_hint)(hint_id, error)
    except Exception:
        logger.exception("Hint %s failed", hint_id)
        await in_thread(fail_hint)(hint_id, _internal_error())
    await _tell(interview_id)


async def _ask(hint_id: UUID) -> None:
    hint, targets, request = await in_thread(_plan)(hint_id)
    labels = {"hint": str(hint.pk)}
    call = SingleCall(hint.interview, purpose=HINT, labels=labels, is_paid=True)
    answer = await call.ask_live(targets, request, in_thread)
    await in_thread(keep_hint)(hint_id, call, answer)


def _plan(hint_id: UUID) -> tuple[HintUse, Any, Any]:
    hint = HintUse.objects.select_related(
        "interview__assessment_version", "prompt_version"
    ).get(pk=hint_id)
    return hint, *plan_hint(hint)


def _interrupted() -> ProviderError:
    return ProviderError(
        "interrupted",
        _("The server is restarting. Take the hint again."),
        retryable=True,
    )


def _internal_error() -> ProviderError:
    return ProviderError(
        "internal_error",
        _("Something failed on our side. Take the hint again."),
        retryable=True,
    )
