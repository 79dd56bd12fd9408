"""Checkpoints of many answers at once: one transaction, and nobody is waited for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from assistant.enums import TurnState
from assistant.events import TurnText
from assistant.models import Turn
from base.clock import now
from interviews.enums import Origin
from interviews.models import Interview
from interviews.timeline.log import NewEvent, append_where_free

# A stopped one's last words are kept, too.
KEPT_STATES = (TurnState.RUNNING, TurnState.STOPPED)
_INTERVIEWS_KEPT = 1024


@dataclass(frozen=True)
class Piece:
    """What arrived of an answer since it was last kept; `marks` as in `TurnText`."""

    turn_id: UUID
    offset: int
    text: str
    marks: list[list[int]]

    @property
    def event(self) -> TurnText:
        """What the timeline keeps of it."""
        return TurnText(
            turn=str(self.turn_id), offset=self.offset, text=self.text, marks=self.marks
        )


@lru_cache(maxsize=_INTERVIEWS_KEPT)
def timeline_of(turn_id: UUID) -> Interview:
    """Return what the timeline needs of a turn's interview; that does not change."""
    return Interview.objects.only("started_at").get(conversations__turns=turn_id)


def checkpoint_turns(owner: str, pieces: Sequence[Piece]) -> dict[UUID, bool]:
    """Prove life of an owner's turns and keep what arrived of each.

    Returns, for those that are kept, whether they go on. The rest are for
    `checkpoint_turn`, one by one, which waits, and says what became of them: their
    row or their timeline is in somebody's hands just now, they are no longer this
    owner's, or a piece before theirs is of the same interview. So a transaction that
    takes long in one interview delays no other's checkpoint, and there is no order
    of locks to keep. Locks the turns, then the timelines.
    """
    first: dict[UUID, Piece] = {}
    for piece in pieces:
        if piece.text:
            first.setdefault(timeline_of(piece.turn_id).pk, piece)
    chosen = [piece for piece in pieces if not piece.text] + list(first.values())
    with transaction.atomic():
        states = _prove_life(owner, [piece.turn_id for piece in chosen])
        free = append_where_free(
            [
                (
                    timeline_of(piece.turn_id),
                    NewEvent(Origin.ASSISTANT, piece.event),
                )
                for piece in first.values()
                if piece.turn_id in states
            ]
        )
    return {
        piece.turn_id: states[piece.turn_id] == TurnState.RUNNING
        for piece in chosen
        if piece.turn_id in states
        and (not piece.text or timeline_of(piece.turn_id).pk in free)
    }


def _prove_life(owner: str, turn_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Note that these live turns have an owner; return the states of those found free.

    One statement, which the ORM's update can not be: it returns nothing, and waits.
    """
    if not turn_ids:
        return {}
    keys: dict[Any, UUID] = {
        Turn._meta.pk.get_db_prep_value(each, connection): each for each in turn_ids
    }
    lock = ""
    if connection.features.has_select_for_update_skip_locked:
        lock = connection.ops.for_update_sql(skip_locked=True, no_key=True)
    places = ", ".join(["%s"] * len(keys))
    kept = ", ".join(["%s"] * len(KEPT_STATES))
    moment = connection.ops.adapt_datetimefield_value(now())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE assistant_turn SET heartbeat_at = %s WHERE id IN ("  # noqa: S608 -- places only
            f"SELECT id FROM assistant_turn WHERE id IN ({places}) AND owner = %s "
            f"AND finished_at IS NULL AND state IN ({kept}) {lock}) "
            "RETURNING id, state",
            [moment, *keys, owner, *KEPT_STATES],
        )
        return {keys[key]: str(state) for key, state in cursor.fetchall()}
