"""Rows locked and written without the ORM are what the ORM would have read and written."""

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Model
from django.db.transaction import TransactionManagementError

from base.clock import now
from base.statements import (
    insert_absent,
    insert_row,
    insert_rows,
    lock_row,
    update_row,
)
from interviews.models import Document, DocumentVersion, Event, Interview, Run
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def interview() -> Interview:
    made: Interview = InterviewFactory.create(state="active")
    return made


@pytest.fixture
def document(interview: Interview) -> Document:
    return Document.objects.create(
        interview=interview,
        path="a b/ä.py",
        text="100 % 'ß' 😀\n",
        hash="0" * 64,
        size=7,
        interviewer_ranges=[[0, 2]],
    )


def values(row: Model) -> dict[str, object]:
    """The fields that are there without another query."""
    names = [field.attname for field in row._meta.concrete_fields]
    return {name: vars(row)[name] for name in names if name in vars(row)}


@transaction.atomic
def test_locked_row_is_what_the_orm_reads(
    interview: Interview, document: Document
) -> None:
    names = tuple(field.name for field in Document._meta.concrete_fields)

    # In whatever order the names come.
    found = lock_row(Document, names[::-1], interview=interview.pk, path=document.path)

    assert found is not None
    assert values(found) == values(Document.objects.get(pk=document.pk))
    assert found == document


@transaction.atomic
def test_field_that_was_not_named_is_read_when_asked_for(interview: Interview) -> None:
    found = lock_row(Interview, ("id", "ends_at"), no_key=True, id=interview.pk)

    assert found is not None
    assert values(found) == {"id": interview.pk, "ends_at": interview.ends_at}
    assert found.started_at == interview.started_at


@transaction.atomic
def test_row_that_is_not_there_is_none(document: Document) -> None:
    assert lock_row(Document, ("id",), path="a") is None


@pytest.mark.django_db(transaction=True)
def test_lock_outside_of_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError):
        lock_row(Document, ("id",), path="a")


def test_update_writes_only_what_is_named(document: Document) -> None:
    document.text, document.size, document.interviewer_ranges = "new", 3, [[1, 2]]
    document.updated_at, document.path = now(), "not written"

    update_row(document, ("text", "size", "interviewer_ranges", "updated_at"))

    stored = Document.objects.get(pk=document.pk)
    assert values(stored) == {**values(document), "path": "a b/ä.py"}


def test_update_of_a_row_that_is_gone_is_an_error(document: Document) -> None:
    Document.objects.all().delete()

    with pytest.raises(DatabaseError):
        update_row(document, ("text",))


def test_inserted_row_gets_its_number(interview: Interview) -> None:
    payload = {"a": ["%s", None, {"ß": 1.5}]}
    event = Event(
        interview=interview, seq=1, origin="system", kind="k", payload=payload
    )

    insert_row(event)

    stored = Event.objects.get(interview=interview)
    assert stored == event
    assert values(stored) == values(event)
    assert not event._state.adding


def test_rows_inserted_together_get_their_numbers_in_order(
    interview: Interview,
) -> None:
    events = [
        Event(interview=interview, seq=seq, origin="system", kind="k", payload={})
        for seq in (3, 1, 2)
    ]

    insert_rows(events)

    assert [values(Event.objects.get(pk=each.pk)) for each in events] == [
        values(each) for each in events
    ]
    assert list(Event.objects.order_by("pk")) == events


def test_row_with_a_key_of_its_own_keeps_it(interview: Interview) -> None:
    run = Run(interview=interview, kind="tests", section=0)
    key = run.pk

    insert_row(run)

    assert run.pk == key
    assert values(Run.objects.get()) == values(run)


def test_rows_that_are_there_already_are_left_out(interview: Interview) -> None:
    first, second = (
        DocumentVersion(interview=interview, hash=digit * 64, text=digit)
        for digit in "12"
    )
    insert_row(first)
    again = DocumentVersion(interview=interview, hash=first.hash, text="other")

    stored = insert_absent([again, second], "hash")

    rows = DocumentVersion.objects.order_by("hash")
    assert [row.text for row in rows] == ["1", "2"]
    assert stored == {second.hash: rows[1].pk}
