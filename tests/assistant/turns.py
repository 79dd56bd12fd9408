"""Turns as a test asks and ends them, without a socket."""

import asyncio
from itertools import count
from typing import TypeVar

import pytest
from asgiref.sync import sync_to_async

from assistant.models import Turn
from assistant.services.turns import ask
from assistant.turns import chain
from assistant.turns.live import LiveTurn
from assistant.turns.registry import start_turn
from billing.models import Reservation
from interviews.models import Interview
from tests.billing.sums import add_up, read_sums
from tests.fakes.model import FakeModel
from tests.fakes.script import ScriptedModel

_Model = TypeVar("_Model", FakeModel, ScriptedModel)
_numbers = count()
ENDS_WITHIN = 15


async def begin(interview: Interview, text: str = "Hello there") -> LiveTurn:
    """Ask, and let the answer begin; raises what a page would be refused with.

    Each question has a number: the same words at once would be the same question.
    """
    number = next(_numbers)
    turn, _is_new = await sync_to_async(ask)(
        interview.pk, client_id=f"client-{number}", text=f"{text} ({number})"
    )
    return start_turn(turn.pk)


async def end(live: LiveTurn) -> Turn:
    """Wait until all of it is stored."""
    async with asyncio.timeout(ENDS_WITHIN):
        await live.ended.wait()
    return await Turn.objects.aget(pk=live.id)


async def answer(interview: Interview, text: str = "Hello there") -> Turn:
    """Ask and wait for the end."""
    return await end(await begin(interview, text))


def use(monkeypatch: pytest.MonkeyPatch, model: _Model) -> _Model:
    """Have every turn answered by `model`."""
    monkeypatch.setattr(chain, "stream_answer", model.stream_answer)
    return model


def check_sums() -> None:
    """The sums are those of the ledger, and nothing is held any more."""
    assert read_sums() == add_up()
    assert not Reservation.objects.filter(state="open").exists()


acheck_sums = sync_to_async(check_sums)
