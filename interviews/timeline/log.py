"""Appending to the timeline: gapless numbers, one short lock, taken last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from base.clock import now, to_milliseconds
from base.statements import insert_row, insert_rows
from interviews.models import Event, EventCursor, Interview
from interviews.timeline.registry import Payload

_ADVANCE = (
    "UPDATE interviews_eventcursor SET last_seq = last_seq + %s, last_at = %s "
    "WHERE interview_id = %s RETURNING last_seq"
)


@dataclass(frozen=True)
class NewEvent:
    """An event about to be appended; `at` defaults to now."""

    origin: str
    payload: Payload
    client_id: str | None = None
    at: datetime | None = None


def elapsed_ms(interview: Interview, at: datetime) -> int | None:
    """Return milliseconds since the start, or None before the start is known."""
    if interview.started_at is None:
        return None
    return to_milliseconds(at - interview.started_at)


def append_event(
    interview: Interview,
    payload: Payload,
    *,
    origin: str,
    client_id: str | None = None,
    at: datetime | None = None,
) -> Event:
    """Append one event, as each keystroke does; see `append_events`."""
    with transaction.atomic(savepoint=False):
        last_at = now()
        item = NewEvent(origin, payload, client_id, at)
        seq = _advance_cursor(interview, 1, last_at)
        event = _make_event(interview, item, seq, last_at)
        insert_row(event)
        return event


def append_events(interview: Interview, new: Sequence[NewEvent]) -> list[Event]:
    """Append events in order and return them with their numbers.

    Locks the interview's cursor row until the surrounding transaction ends, so it
    is called last in it, but for what the ledger records. `interview.started_at` must
    be current. Raises IntegrityError when a `client_id` was used before; look for it
    first.
    """
    with transaction.atomic(savepoint=False):
        last_at = now()
        first = _advance_cursor(interview, len(new), last_at) - len(new) + 1
        events = [
            _make_event(interview, item, seq, last_at)
            for seq, item in enumerate(new, first)
        ]
        insert_rows(events)
        return events


def append_where_free(new: Sequence[tuple[Interview, NewEvent]]) -> set[UUID]:
    """Append an event to each of several interviews whose cursor nobody holds.

    Returns the interviews that have theirs; each is named once. Waits for nobody: what
    holds one timeline must not hold up the others.
    """
    if not new:
        return set()
    with transaction.atomic(savepoint=False):
        last_at = now()
        free = _advance_free([interview for interview, _item in new], last_at)
        insert_rows(
            [
                _make_event(interview, item, free[interview.pk], last_at)
                for interview, item in new
                if interview.pk in free
            ]
        )
    return set(free)


def _advance_free(interviews: Sequence[Interview], at: datetime) -> dict[UUID, int]:
    """Move the cursors that nobody holds on by one; return their numbers."""
    field = EventCursor._meta.pk
    keys: dict[Any, UUID] = {
        field.get_db_prep_value(interview.pk, connection): interview.pk
        for interview in interviews
    }
    lock = ""
    if connection.features.has_select_for_update_skip_locked:
        lock = connection.ops.for_update_sql(skip_locked=True, no_key=True)
    places = ", ".join(["%s"] * len(keys))
    moment = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE interviews_eventcursor SET last_seq = last_seq + 1, last_at = %s "  # noqa: S608 -- places only
            "WHERE interview_id IN (SELECT interview_id FROM interviews_eventcursor "
            f"WHERE interview_id IN ({places}) {lock}) RETURNING interview_id, last_seq",
            [moment, *keys],
        )
        return {keys[key]: int(seq) for key, seq in cursor.fetchall()}


def _make_event(
    interview: Interview, item: NewEvent, seq: int, last_at: datetime
) -> Event:
    at = item.at or last_at
    return Event(
        interview=interview,
        seq=seq,
        at=at,
        t_ms=elapsed_ms(interview, at),
        origin=item.origin,
        kind=item.payload.kind,
        version=item.payload.payload_version,
        payload=item.payload.model_dump(mode="json"),
        client_id=item.client_id,
    )


def _advance_cursor(interview: Interview, count: int, at: datetime) -> int:
    """Lock the cursor's row, move it on, and return the last number, in one statement.

    The ORM's update cannot return what it wrote, and this is the hottest path there is.
    """
    key = EventCursor._meta.pk.get_db_prep_value(interview.pk, connection)
    moment = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE, [count, moment, key])
        row = cursor.fetchone()
    if row is None:
        raise EventCursor.DoesNotExist
    return int(row[0])


def find_event(interview: Interview, client_id: str) -> Event | None:
    """Return the event a client already had stored under this id."""
    return Event.objects.filter(interview=interview, client_id=client_id).first()
