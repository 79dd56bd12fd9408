"""The timeline: gapless numbers, one clock, typed payloads, rows written once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import IntegrityError, connection, transaction
from pydantic import ValidationError

from base.clock import now
from base.immutable import ImmutableError
from interviews.enums import InterviewState, Origin
from interviews.models import Event, EventCursor, Interview
from interviews.timeline.kinds import SectionOpened, StateChanged
from interviews.timeline.log import NewEvent, append_event, append_events, find_event
from interviews.timeline.registry import (
    Payload,
    UnknownKindError,
    parse_payload,
    register_kind,
    registered_kinds,
)
from tests.factories.interviews import InterviewFactory


@pytest.fixture
def interview(db: None) -> Interview:
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def test_numbers_are_gapless_and_time_counts_from_the_start(
    interview: Interview,
) -> None:
    assert interview.started_at is not None
    at = interview.started_at + timedelta(seconds=12)

    first = append_event(
        interview, SectionOpened(section=0), origin=Origin.CANDIDATE, at=at
    )
    rest = append_events(
        interview,
        [NewEvent(Origin.CANDIDATE, SectionOpened(section=n)) for n in (1, 0)],
    )

    assert [first.seq, *(event.seq for event in rest)] == [1, 2, 3]
    assert first.t_ms == 12_000
    assert EventCursor.objects.get(pk=interview.pk).last_seq == 3


def test_time_is_unknown_before_the_start(db: None) -> None:
    waiting = InterviewFactory.create(state=InterviewState.INVITED)

    event = append_event(
        waiting, StateChanged(before="invited", after="x"), origin=Origin.SYSTEM
    )

    assert event.t_ms is None


def test_rolled_back_event_leaves_no_gap(interview: Interview) -> None:
    def write_and_fail() -> None:
        with transaction.atomic():
            append_event(interview, SectionOpened(section=0), origin=Origin.SYSTEM)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()

    event = append_event(interview, SectionOpened(section=1), origin=Origin.SYSTEM)
    assert event.seq == 1


def test_client_id_is_stored_once(interview: Interview) -> None:
    append_event(
        interview, SectionOpened(section=0), origin=Origin.CANDIDATE, client_id="c-1"
    )

    assert find_event(interview, "c-1") is not None
    assert find_event(interview, "c-2") is None
    with pytest.raises(IntegrityError):
        append_event(
            interview,
            SectionOpened(section=1),
            origin=Origin.CANDIDATE,
            client_id="c-1",
        )


def test_events_are_never_changed_or_deleted(interview: Interview) -> None:
    event = append_event(interview, SectionOpened(section=0), origin=Origin.SYSTEM)

    event.kind = "other"
    with pytest.raises(ImmutableError):
        event.save()
    with pytest.raises(ImmutableError):
        event.delete()
    with pytest.raises(ImmutableError):
        Event.objects.update(kind="other")
    with pytest.raises(ImmutableError):
        Event.objects.all().delete()
    assert Event.objects.get().kind == "section.opened"


def test_events_go_with_their_interview(interview: Interview) -> None:
    append_event(interview, SectionOpened(section=0), origin=Origin.SYSTEM)

    interview.delete()

    assert not Event.objects.exists()


def test_payload_comes_back_typed(interview: Interview) -> None:
    event = append_event(interview, SectionOpened(section=1), origin=Origin.SYSTEM)

    assert parse_payload(Event.objects.get(pk=event.pk)) == SectionOpened(section=1)


def test_unknown_kind_and_wrong_payload_are_refused() -> None:
    with pytest.raises(UnknownKindError):
        parse_payload(Event(kind="never.heard", version=1, payload={}))
    with pytest.raises(ValidationError):
        parse_payload(Event(kind="section.opened", version=1, payload={"other": 1}))


def test_kind_is_registered_once() -> None:
    class Impostor(Payload):
        kind: ClassVar[str] = "section.opened"

    with pytest.raises(ValueError, match="twice"):
        register_kind(Impostor)


def test_every_kind_is_a_dotted_name() -> None:
    assert all(kind.count(".") == 1 for kind, _version in registered_kinds())


@pytest.mark.django_db(transaction=True)
def test_parallel_writers_share_the_numbers_without_a_gap() -> None:
    interview = InterviewFactory.create(state=InterviewState.ACTIVE)

    def write(number: int) -> None:
        try:
            append_event(
                interview,
                SectionOpened(section=number),
                origin=Origin.CANDIDATE,
                at=now(),
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))

    numbers = list(
        Event.objects.filter(interview=interview).values_list("seq", flat=True)
    )
    assert numbers == list(range(1, 41))
