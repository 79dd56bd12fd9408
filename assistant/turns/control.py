"""What processes order each other at once: to stop a turn that another one owns.

The database says the same, and owners look there each second: an order that is lost
while Redis is away is late, not lost.
"""

import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from assistant.turns.live import LiveTurn
from assistant.turns.log import TROUBLE, Connect, connect, disconnect
from assistant.turns.tail import CONTROL

logger = logging.getLogger(__name__)

ORDERS_KEPT = 1_000


async def order_stop(turn_id: UUID, connect: Connect = connect) -> None:
    """Have the owner of a turn stop it, whichever process that is."""
    client = connect()
    if client is None:
        return
    try:
        await client.xadd(
            CONTROL, {"stop": str(turn_id)}, maxlen=ORDERS_KEPT, approximate=True
        )
    except TROUBLE as error:
        logger.warning("A stop could not be passed on (%s)", type(error).__name__)
    finally:
        await disconnect(client)


def obey(order: Mapping[str, str], find: Callable[[UUID], LiveTurn | None]) -> None:
    """Carry out an order of another process, if it is for a turn of this one."""
    try:
        turn_id = UUID(order.get("stop", ""))
    except ValueError:
        return
    live = find(turn_id)
    if live is not None:
        live.stop()
