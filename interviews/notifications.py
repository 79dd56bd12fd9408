"""Coarse events for open sockets, over the channel layer, after commit.

Losing one is harmless: pages also read the truth in every `hello` and `clock`.
"""

import logging
from collections.abc import Mapping
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from interviews.models import Interview

logger = logging.getLogger(__name__)


def interview_group(interview_id: UUID | str) -> str:
    """Return the layer group of everything that shows one interview."""
    return f"interview.{interview_id}"


async def tell_group(group: str, message: Mapping[str, object]) -> bool:
    """Tell a group; False where nobody could be told, which fails nothing.

    What the message is about is stored already.
    """
    layer = get_channel_layer()
    if layer is None:
        return False
    try:
        await layer.group_send(group, dict(message))
    except (RedisError, OSError):
        kind = message.get("type", "")
        logger.warning("Pages could not be told (%s): Redis is away", kind)
        return False
    return True


def _announce(interview: Interview, message: Mapping[str, object]) -> None:
    group = interview_group(interview.pk)

    def send() -> None:
        async_to_sync(tell_group)(group, message)

    # Whatever a layer raises must not fail what is already committed.
    transaction.on_commit(send, robust=True)


def announce_clock(interview: Interview) -> None:
    """Tell open pages that the remaining time changed."""
    _announce(interview, {"type": "clock.changed"})


def announce_end(interview: Interview) -> None:
    """Tell open pages that the interview ended."""
    _announce(interview, {"type": "interview.ended", "state": interview.state})


def announce_access(interview: Interview) -> None:
    """Have open pages look whether they may still be there."""
    _announce(interview, {"type": "access.changed"})
