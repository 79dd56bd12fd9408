"""Pictures where the storage is slow, refuses, or is left with what nobody wants."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import File
from django.core.files.storage import InMemoryStorage, default_storage
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from assistant.enums import TurnState
from assistant.models import Attachment, LooseContent, Message
from assistant.services.attachments import store_image
from assistant.services.loose_contents import LOOSE_FOR, sweep_contents
from assistant.services.prompts import import_shipped_prompts
from assistant.services.replacing import Extras
from assistant.services.turns import ask
from assistant.turns.registry import start_turn
from base.clock import at_time, now
from interviews.enums import InterviewState
from interviews.errors import InterviewError
from interviews.models import Interview
from interviews.services.lifecycle import finish_interview
from tests.assistant.samples import png
from tests.assistant.turns import end, use
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.fakes.model import FakeModel

pytestmark = pytest.mark.django_db(transaction=True)
LATER = LOOSE_FOR + timedelta(minutes=1)


class Bucket(InMemoryStorage):
    """A storage that a test lets fail; it notes whether anything was locked meanwhile."""

    is_away = False
    ends: UUID | None = None
    locked: bool | None = None

    def save(
        self, name: str | None, content: Any, max_length: int | None = None
    ) -> str:
        """Store a file."""
        kind = type(self)
        kind.locked = connection.in_atomic_block
        if kind.ends is not None:
            finish_interview(kind.ends)
        return str(super().save(name, content, max_length))

    def open(self, name: str, mode: str = "rb") -> File[Any]:
        """Read a file."""
        type(self).locked = connection.in_atomic_block
        self._answer()
        return super().open(name, mode)

    def delete(self, name: str) -> None:
        """Remove a file."""
        self._answer()
        super().delete(name)

    def _answer(self) -> None:
        if self.is_away:
            raise OSError("the bucket did not answer")


@pytest.fixture(autouse=True)
def bucket(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> type[Bucket]:
    """Have pictures stored there."""
    settings.ASSISTANT_PROVIDER = "simulator"
    own = {"BACKEND": f"{__name__}.Bucket"}
    settings.STORAGES = {**settings.STORAGES, "default": own}
    for name, value in (("is_away", False), ("ends", None), ("locked", None)):
        monkeypatch.setattr(Bucket, name, value)
    return Bucket


@pytest.fixture
def interview(people: People) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(
        organisation=people.organisation, state=InterviewState.ACTIVE
    )
    return made


def stored(interview: Interview) -> Attachment:
    return store_image(interview.pk, client_id="image-0001", data=png())


def sweep_later() -> int:
    with at_time(now() + LATER):
        return sweep_contents()


def test_storage_that_takes_its_time_blocks_nobody(
    interview: Interview, bucket: type[Bucket]
) -> None:
    image = stored(interview)
    assert bucket.locked is False
    assert default_storage.exists(image.content)
    assert sweep_later() == 0
    assert default_storage.exists(image.content)


def test_content_of_a_refused_picture_is_swept(
    interview: Interview, bucket: type[Bucket]
) -> None:
    bucket.ends = interview.pk
    with pytest.raises(InterviewError):
        stored(interview)
    assert not Attachment.objects.exists()
    left = LooseContent.objects.get().content
    assert default_storage.exists(left)
    assert sweep_contents() == 0
    assert sweep_later() == 1
    assert not default_storage.exists(left)


def test_content_that_could_not_be_removed_is_removed_later(
    interview: Interview, bucket: type[Bucket]
) -> None:
    image = stored(interview)
    bucket.is_away = True
    image.delete()
    assert sweep_later() == 0
    bucket.is_away = False
    assert sweep_later() == 1
    assert not default_storage.exists(image.content)
    assert not LooseContent.objects.exists()


async def test_picture_is_read_for_an_answer_while_nothing_is_locked(
    interview: Interview, bucket: type[Bucket], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel())
    image = await sync_to_async(stored)(interview)
    monkeypatch.setattr(bucket, "locked", None)
    turn, _is_new = await sync_to_async(ask)(
        interview.pk,
        client_id="ask-0001",
        text="What is this?",
        extras=Extras(images=(image.pk,)),
    )
    ended = await end(start_turn(turn.pk))
    assert (ended.state, bucket.locked) == (TurnState.FINISHED, False)
    (request,) = model.requests
    kinds = [block["type"] for block in request.messages[-1]["content"]]
    assert "image" in kinds


async def test_answer_fails_clearly_while_the_storage_is_away(
    interview: Interview, bucket: type[Bucket]
) -> None:
    image = await sync_to_async(stored)(interview)
    bucket.is_away = True
    turn, _is_new = await sync_to_async(ask)(
        interview.pk,
        client_id="ask-0001",
        text="What is this?",
        extras=Extras(images=(image.pk,)),
    )
    live = start_turn(turn.pk)
    ended = await end(live)
    assert ended.state == TurnState.FAILED
    assert live.end_frame is not None
    assert live.end_frame["code"] == "picture_not_read"
    assert live.end_frame["retryable"] is True
    assert "ask again" in live.end_frame["message"]
    assert await Message.objects.filter(turn=turn, role="assistant").aexists()


def test_page_is_told_that_a_picture_can_not_be_read_now(
    interview: Interview, people: People, bucket: type[Bucket]
) -> None:
    image = stored(interview)
    bucket.is_away = True
    client = Client()
    client.force_login(people.owner)
    address = reverse("assistant:image", args=[interview.pk, image.pk])
    answer = client.get(address)
    assert (answer.status_code, answer.json()["code"]) == (503, "picture_not_read")
    bucket.is_away = False
    assert client.get(address).status_code == 200
