"""Many answers kept at once: what is busy is left for later, and nobody waits."""

from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from assistant.enums import TurnState
from assistant.models import Turn
from assistant.services.checkpoints import Piece, checkpoint_turns
from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Event, EventCursor, Interview
from tests.factories.assistant import ConversationFactory, TurnFactory
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db

OWNER = "web-1"


def make_turn(interview: Interview | None = None, **fields: Any) -> Turn:
    interview = interview or InterviewFactory.create(state=InterviewState.ACTIVE)
    known = {
        "conversation": ConversationFactory.create(interview=interview),
        "state": TurnState.RUNNING,
        "owner": OWNER,
        "heartbeat_at": now() - timedelta(seconds=9),
    }
    turn: Turn = TurnFactory.create(**known | fields)
    return turn


def piece(turn: Turn, text: str = "words") -> Piece:
    return Piece(turn.pk, 0, text, [[0, 0]] if text else [])


def texts() -> dict[UUID, str]:
    events = Event.objects.filter(kind="turn.text")
    return {UUID(each.payload["turn"]): each.payload["text"] for each in events}


def is_alive(turn: Turn) -> bool:
    turn.refresh_from_db()
    return bool(turn.heartbeat_at and turn.heartbeat_at > now() - timedelta(seconds=5))


def test_answers_are_kept_together_in_as_many_statements_as_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    turns = [make_turn() for _turn in range(6)]
    silent = make_turn()
    pieces = [*(piece(turn, f"{turn.pk}") for turn in turns), piece(silent, "")]
    checkpoint_turns(OWNER, pieces)

    with django_assert_max_num_queries(5):
        kept = checkpoint_turns(OWNER, pieces)

    assert kept == {turn.pk: True for turn in [*turns, silent]}
    assert texts() == {turn.pk: str(turn.pk) for turn in turns}
    assert Event.objects.filter(kind="turn.text").count() == 2 * len(turns)
    assert all(is_alive(turn) for turn in [*turns, silent])


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"owner": "web-2"}, id="of another owner"),
        pytest.param(
            {"state": TurnState.INTERRUPTED, "finished_at": now()}, id="ended"
        ),
    ],
)
def test_answer_that_is_lost_is_not_kept(fields: dict[str, Any]) -> None:
    own, lost = make_turn(), make_turn(**fields)

    kept = checkpoint_turns(OWNER, [piece(own), piece(lost)])

    assert kept == {own.pk: True}
    assert set(texts()) == {own.pk}
    assert not is_alive(lost)


def test_answer_stopped_from_elsewhere_is_kept_and_does_not_go_on() -> None:
    turn = make_turn(state=TurnState.STOPPED)

    assert checkpoint_turns(OWNER, [piece(turn)]) == {turn.pk: False}
    assert set(texts()) == {turn.pk}


def test_second_answer_of_an_interview_is_left_for_later() -> None:
    first = make_turn()
    second = make_turn(first.conversation.interview)

    assert checkpoint_turns(OWNER, [piece(first), piece(second)]) == {first.pk: True}
    assert set(texts()) == {first.pk}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    not connection.features.has_select_for_update_skip_locked,
    reason="this database locks no rows",
)
@pytest.mark.parametrize("held", [Turn, EventCursor], ids=["turn", "timeline"])
def test_answer_that_somebody_works_on_delays_no_other(
    held: type[Turn] | type[EventCursor],
) -> None:
    free, busy = make_turn(), make_turn()
    key = busy.pk if held is Turn else busy.conversation.interview_id
    kept: dict[UUID, bool] = {}

    def keep() -> None:
        kept.update(checkpoint_turns(OWNER, [piece(busy), piece(free)]))
        connection.close()

    with transaction.atomic():
        held.objects.select_for_update().get(pk=key)
        other = Thread(target=keep)
        other.start()
        other.join()

    assert kept == {free.pk: True}
    assert set(texts()) == {free.pk}
