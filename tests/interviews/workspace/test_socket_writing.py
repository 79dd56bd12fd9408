"""Which window of the candidate writes: asked for, never taken by coming."""

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.core.cache import cache

from interviews.consumers import writing
from interviews.models import Event, Interview
from interviews.services import presence
from interviews.services.presence import (
    WritingWindow,
    claim_writing,
    drop_writing,
    find_writing_window,
    has_writing,
    keep_writing,
)
from tests.factories.interviews import InterviewFactory
from tests.interviews.workspace.windows import open_window

pytestmark = pytest.mark.django_db

TAB_A = "?tab=tab-a-000&browser=browser-1"
TAB_B = "?tab=tab-b-000&browser=browser-1"
PHONE = "?tab=tab-c-000&browser=browser-2"


async def read_moves(interview: Interview) -> list[dict[str, object]]:
    events = Event.objects.filter(interview=interview, kind="writing.moved")
    return [event.payload async for event in events.order_by("seq")]


@pytest.mark.parametrize(
    ("second", "place"),
    [(TAB_B, "tab"), (PHONE, "device"), ("", "")],
    ids=["tab", "device", "unknown"],
)
async def test_second_window_reads_until_the_candidate_says_so(
    interview: Interview, folder: str, second: str, place: str
) -> None:
    path = f"{folder}/solution.py"
    async with (
        open_window(interview, query=TAB_A) as first,
        open_window(interview, query=second) as other,
    ):
        assert (first.hello["writer"], other.hello["writer"]) == (True, False)
        assert other.hello["elsewhere"] == {"place": place, "left": False}
        # A page that never asks gets nothing, whatever it sends.
        refused = await other.edit(path, 0, [[28, "y"]])
        assert refused["code"] == "read_only"
        assert (await first.edit(path, 0, [[28, "x"]]))["version"] == 1

        hello = await other.ask("presence.take")
        assert (hello["type"], hello["writer"]) == ("hello", True)
        told = await first.until("presence.taken_over")
        assert told["place"] == place
        assert (await first.edit(path, 1, [[1, "z"]]))["code"] == "read_only"
        assert (await other.edit(path, 1, [[1, "y"]]))["version"] == 2

        assert (await first.ask("presence.take"))["writer"] is True
        await other.until("presence.taken_over")
    assert await read_moves(interview) == [{"is_asked": True, "place": place}] * 2


async def test_tab_that_is_loaded_anew_writes_without_asking(
    interview: Interview, folder: str
) -> None:
    async with open_window(interview, query=TAB_B.replace("tab-b", "tab-x")) as former:
        assert former.hello["writer"] is True
    async with open_window(interview, query=TAB_B) as waiting:
        # The tab that is away for a moment may still come back.
        assert waiting.hello["elsewhere"] == {"place": "tab", "left": True}
        async with open_window(
            interview, query=TAB_B.replace("tab-b", "tab-x")
        ) as again:
            assert again.hello["writer"] is True
            stored = await again.edit(f"{folder}/solution.py", 0, [[28, "x"]])
            assert stored["version"] == 1
    assert await read_moves(interview) == []


async def test_window_left_alone_writes_without_asking(
    interview: Interview, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "RETURN_SECONDS", 0.3)
    monkeypatch.setattr(writing, "LOOK_SECONDS", 0.05)
    async with open_window(interview, query=TAB_A):
        second = open_window(interview, query=TAB_B)
        other = await second.__aenter__()
        assert other.hello["writer"] is False
    hello = await other.until("hello")
    assert hello["writer"] is True
    stored = await other.edit(f"{folder}/solution.py", 0, [[28, "x"]])
    assert stored["version"] == 1
    await second.__aexit__(None, None, None)
    assert await read_moves(interview) == [{"is_asked": False, "place": "tab"}]


async def test_window_whose_page_falls_silent_is_gone(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket is still there, as where a computer went to sleep."""
    monkeypatch.setattr(presence, "SILENT_SECONDS", 0.6)
    monkeypatch.setattr(writing, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(writing, "LOOK_SECONDS", 0.05)
    async with (
        open_window(interview, query=TAB_A) as silent,
        open_window(interview, query=PHONE) as other,
    ):
        assert (await other.until("hello"))["writer"] is True
        assert (await silent.until("presence.taken_over"))["place"] == "device"


async def test_page_that_answers_keeps_the_writing(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(writing, "BEAT_SECONDS", 0.1)
    async with open_window(interview, query=TAB_A) as window:
        pings = 0
        while pings < 15:
            output = await window.communicator.receive_output(10)
            if '"ping"' in output["text"]:
                pings += 1
                await window.send(frame="pong", t=0)
        is_kept = await sync_to_async(cache.get)(presence._sign_key(interview.pk))
    assert is_kept == "here"


async def test_window_that_only_read_waits_for_the_writer_to_come_back(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a restart that emptied the cache, whoever read comes first by chance."""
    monkeypatch.setattr(presence, "RETURN_SECONDS", 0.4)
    async with open_window(interview, query=f"{TAB_B}&as=reader") as reader:
        assert reader.hello["writer"] is False
        async with open_window(interview, query=TAB_A) as writer:
            assert writer.hello["writer"] is True
    async with open_window(interview, query=f"{PHONE}&as=reader") as alone:
        assert (await alone.until("hello"))["writer"] is True


@pytest.mark.parametrize(
    "query", ["?tab=short", "?tab=" + "x" * 65, "?tab=a b c d e f"]
)
async def test_bad_name_of_a_tab_is_none(interview: Interview, query: str) -> None:
    async with open_window(interview, query=query):
        holder = await sync_to_async(find_writing_window)(interview.pk)
    assert holder is not None
    assert holder.tab == ""


async def test_page_that_takes_over_and_over_is_slowed_down(
    interview: Interview,
) -> None:
    async with (
        open_window(interview, query=TAB_A) as first,
        open_window(interview, query=TAB_B) as second,
    ):
        answers = []
        for _time in range(writing.TAKES_PER_MINUTE + 1):
            await first.ask("presence.take")
            answers.append(await second.ask("presence.take"))
    assert answers[-2]["writer"] is True
    assert answers[-1]["code"] == "too_many_takes"


async def test_listeners_of_the_process_hear_where_the_writing_is(
    interview: Interview,
) -> None:
    layer = get_channel_layer()
    assert layer is not None
    name = await layer.new_channel()
    await layer.group_add(f"workspace.{interview.pk}", name)
    async with (
        open_window(interview, query=TAB_A),
        open_window(interview, query=TAB_B) as second,
    ):
        await second.ask("presence.take")
        holder = await sync_to_async(find_writing_window)(interview.pk)
        assert holder is not None
        message = {"token": ""}
        while message.get("token") != holder.token:
            message = await layer.receive(name)
    assert message["type"] == "writing.moved"
    assert second.hello["token"] == holder.token


def test_old_socket_of_a_tab_takes_nothing_back() -> None:
    interview = InterviewFactory.create()
    old = WritingWindow("old", "tab-a-000", "b")
    new = WritingWindow("new", "tab-a-000", "b")
    assert claim_writing(interview.pk, old)
    assert claim_writing(interview.pk, new)
    assert not keep_writing(interview.pk, old)
    drop_writing(interview.pk, old)
    assert has_writing(interview.pk, "new")
    assert not presence.is_writing_free(interview.pk)


def test_lost_entry_is_put_back_by_who_writes() -> None:
    interview = InterviewFactory.create()
    window = WritingWindow("one", "tab-a-000", "b")
    assert claim_writing(interview.pk, window)
    cache.delete_many([presence._writer_key(interview.pk)])
    assert keep_writing(interview.pk, window)
    assert find_writing_window(interview.pk) == window
