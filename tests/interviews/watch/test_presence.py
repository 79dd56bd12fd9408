"""Who is told what of whom: watchers to the candidate, the candidate to watchers."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from accounts.enums import Role
from accounts.models import Membership
from base.clock import now
from interviews.consumers import presence, workspace
from interviews.consumers.company import Told
from interviews.enums import InterviewState
from interviews.models import Event, Interview
from interviews.protocol import workspace_group
from interviews.services.interviewers import dismiss_interviewer
from interviews.services.lifecycle import (
    finish_interview,
    prepare_interview,
    reopen_interview,
    start_interview,
)
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.fakes.runner import FakeRunner
from tests.interviews.watch.conftest import ask
from tests.interviews.watch.windows import (
    open_watch,
    until_candidate,
    until_soon,
    until_watched_by,
)
from tests.interviews.workspace.windows import open_window


async def joined(interview: Interview) -> list[str]:
    events = Event.objects.filter(interview=interview, kind="interviewer.joined")
    names = events.order_by("seq").values_list("payload__name", flat=True)
    return [name async for name in names]


async def test_candidate_is_told_who_watches_and_who_stopped(
    people: People, interview: Interview
) -> None:
    async with open_window(interview) as window:
        async with open_watch(interview, people.recruiter):
            shown = await until_watched_by(window, people.recruiter.name)
            assert shown["watchers"][0]["may_type"] is True
            async with open_watch(interview, people.reviewer):
                await until_watched_by(
                    window, people.recruiter.name, people.reviewer.name
                )
            await until_watched_by(window, people.recruiter.name)
        await until_watched_by(window)


async def test_candidate_who_comes_later_is_told_too(
    people: People, interview: Interview
) -> None:
    async with (
        open_watch(interview, people.reviewer) as watch,
        open_window(interview) as window,
    ):
        await until_watched_by(window, people.reviewer.name)
        await until_candidate(watch, connected=True)


async def test_member_without_a_name_is_not_shown_by_address(
    people: People, interview: Interview
) -> None:
    people.reviewer.name = ""
    await people.reviewer.asave(update_fields=["name"])
    async with (
        open_window(interview) as window,
        open_watch(interview, people.reviewer),
    ):
        await until_watched_by(window, "Somebody of Acme")


async def test_watchers_know_each_other_but_not_themselves(
    people: People, interview: Interview
) -> None:
    async with (
        open_watch(interview, people.recruiter) as first,
        open_watch(interview, people.recruiter) as second,
        open_watch(interview, people.reviewer) as third,
    ):
        await until_watched_by(first, people.reviewer.name)
        await until_watched_by(second, people.reviewer.name)
        frame = await third.until("presence.watchers")
        while len(frame["watchers"]) < 2:
            frame = await third.until("presence.watchers")
        assert len({each["id"] for each in frame["watchers"]}) == 2
        assert len({each["person"] for each in frame["watchers"]}) == 1


async def test_watcher_is_told_that_the_candidate_is_away_and_since_when(
    people: People, interview: Interview
) -> None:
    async with open_watch(interview, people.recruiter) as watch:
        absent = await until_candidate(watch, connected=False)
        assert absent["seen_at"] is None
        async with open_window(interview):
            await until_candidate(watch, connected=True)
        gone = await until_candidate(watch, connected=False)
        assert gone["seen_at"] <= gone["server_time"] <= now().isoformat()


async def test_candidate_whose_process_died_is_away_after_a_while(
    people: People, interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "TICK_SECONDS", 0.1)
    monkeypatch.setattr(presence, "FIRST_LOOK_SECONDS", 0.1)
    monkeypatch.setattr("interviews.consumers.company.GONE_AFTER_SECONDS", 0.3)
    async with open_watch(interview, people.recruiter) as watch:
        # A window that says so once and never again.
        await say_here(interview, "ghost")
        await until_candidate(watch, connected=True)
        await until_candidate(watch, connected=False)


async def say_here(interview: Interview, token: str) -> None:
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(
        workspace_group(interview.pk),
        {
            "type": "presence.here",
            "sender": "elsewhere",
            "peer": {"id": token, "person": "", "name": "", "may_type": False},
        },
    )


async def test_watching_is_noted_once_for_each_person(
    people: People, interview: Interview
) -> None:
    for user in (people.recruiter, people.reviewer, people.recruiter):
        async with open_watch(interview, user):
            pass

    assert await joined(interview) == [people.recruiter.name, people.reviewer.name]


async def test_looking_before_the_start_is_not_noted(people: People) -> None:
    interview = await sync_to_async(InterviewFactory.create)(
        organisation=people.organisation, state=InterviewState.INVITED
    )
    async with open_watch(interview, people.recruiter) as watch:
        assert watch.hello["interview"]["state"] == "invited"

    assert await joined(interview) == []


async def test_waiting_watcher_gets_the_room_when_it_begins(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "TICK_SECONDS", 0.1)
    interview = await sync_to_async(InterviewFactory.create)(
        organisation=people.organisation, state=InterviewState.INVITED
    )
    async with open_watch(interview, people.recruiter) as watch:
        await sync_to_async(prepare_interview)(interview.pk)
        await sync_to_async(start_interview)(interview.pk)
        hello = await until_soon(watch, "hello")
        while hello["interview"]["state"] != "active":
            hello = await until_soon(watch, "hello")

    assert await joined(interview) == [people.recruiter.name]


async def test_watcher_goes_on_after_a_reopening(
    people: People, interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "TICK_SECONDS", 0.1)
    async with open_watch(interview, people.recruiter) as watch:
        await sync_to_async(finish_interview)(interview.pk)
        assert (await until_soon(watch, "interview.ended"))["state"] == "completed"
        await sync_to_async(reopen_interview)(
            interview.pk, seconds=600, reason="power cut", actor=None
        )
        hello = await until_soon(watch, "hello")

    assert hello["interview"]["state"] == "active"
    assert hello["writer"] is True


@pytest.mark.parametrize("role", [Role.INTERVIEWER, Role.RECRUITER])
async def test_membership_that_ends_closes_the_watch(
    people: People,
    interview: Interview,
    monkeypatch: pytest.MonkeyPatch,
    role: Role,
) -> None:
    monkeypatch.setattr(workspace, "TICK_SECONDS", 0.1)
    user = people.with_role(role)
    await ask(interview, user)
    async with open_watch(interview, user) as watch:
        await Membership.objects.filter(user=user).adelete()
        assert (await until_soon(watch, "error"))["retryable"] is False
        assert (await watch.next())["code"] == 4403


async def test_interviewer_who_is_dismissed_is_shown_out_at_once(
    people: People, interview: Interview
) -> None:
    await ask(interview, people.interviewer)
    await ask(interview, people.recruiter)
    async with (
        open_watch(interview, people.interviewer) as watch,
        open_watch(interview, people.recruiter) as stays,
    ):
        async for row in interview.interviewers.select_related("interview"):
            await sync_to_async(dismiss_interviewer)(row, actor=people.owner)
        assert (await until_soon(watch, "error"))["code"] == "read_only"
        assert (await watch.next())["code"] == 4403
        await stays.until("clock")
        assert (await stays.ask("document.open", path="x"))["code"] == "not_found"


CURSOR = {"path": "ladder/solution.py", "version": 0, "ranges": [[3, 5]]}


async def test_candidates_cursor_reaches_watchers_only_while_they_write(
    people: People, interview: Interview
) -> None:
    async with (
        open_watch(interview, people.reviewer) as watch,
        open_window(interview) as window,
        open_window(interview) as reading,
    ):
        await until_watched_by(window, people.reviewer.name)
        await reading.send(frame="presence.cursor", **{**CURSOR, "ranges": [[1, 1]]})
        assert (await reading.ask("document.open", path="x"))["code"] == "not_found"
        await window.send(frame="presence.cursor", **CURSOR)
        seen = await until_soon(watch, "presence.cursor")

    assert seen == {
        "type": "presence.cursor",
        "id": seen["id"],
        "who": "candidate",
        "name": "",
        **CURSOR,
    }


async def test_cursor_of_who_may_not_type_goes_nowhere(
    people: People, interview: Interview
) -> None:
    async with (
        open_window(interview) as window,
        open_watch(interview, people.reviewer) as reader,
        open_watch(interview, people.recruiter) as writer,
    ):
        await until_watched_by(window, people.recruiter.name, people.reviewer.name)
        await reader.send(frame="presence.cursor", **CURSOR)
        assert (await reader.ask("document.open", path="x"))["code"] == "not_found"
        await writer.send(frame="presence.cursor", **CURSOR)
        seen = await window.until("presence.cursor")

    assert (seen["who"], seen["name"]) == ("interviewer", people.recruiter.name)


async def test_cursors_in_a_flood_are_left_out(
    people: People, interview: Interview
) -> None:
    async with (
        open_watch(interview, people.reviewer) as watch,
        open_window(interview) as window,
    ):
        await until_watched_by(window, people.reviewer.name)
        for at in range(40):
            await window.send(
                frame="presence.cursor", **{**CURSOR, "ranges": [[at, at]]}
            )
        assert (await window.ask("document.open", path="x"))["code"] == "not_found"
        await asyncio.sleep(0.2)
        assert (await watch.ask("document.open", path="x"))["code"] == "not_found"
        seen = [frame for frame in watch.seen if frame["type"] == "presence.cursor"]

    assert 1 <= len(seen) <= presence.CURSORS_PER_SECOND


@pytest.mark.parametrize(
    "fields",
    [
        {"ranges": [[-1, 2]]},
        {"ranges": [[1]]},
        {"ranges": [[1, "2"]]},
        {"ranges": [[1, 2**31]]},
        {"ranges": [[0, 0]] * 17},
        {"path": 5},
        {"version": -1},
    ],
    ids=str,
)
async def test_malformed_cursor_is_a_bad_frame(
    interview: Interview, fields: dict[str, object]
) -> None:
    async with open_window(interview) as window:
        answer = await window.ask("presence.cursor", **{**CURSOR, **fields})

    assert answer["code"] == "bad_frame"


async def test_what_the_layer_lost_is_noticed_and_made_good(
    people: People,
    interview: Interview,
    folder: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workspace, "TICK_SECONDS", 0.1)
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        async with open_watch(interview, people.reviewer) as watch:
            await until_soon(watch, "clock")
            # Stored, and told to nobody.
            await sync_to_async(
                lambda: interview.documents.filter(path=path).update(version=7)
            )()
            hello = await until_soon(watch, "hello")
        assert (await window.ask("presence.take"))["type"] == "hello"

    assert {entry["path"]: entry["version"] for entry in hello["documents"]}[path] == 7


def test_told_is_behind_only_the_second_time() -> None:
    told = Told()
    told.note({"type": "hello", "documents": [{"path": "a", "version": 1}]})
    told.note(
        {"type": "document.updates", "path": "a", "version": 1, "updates": [1, 2]}
    )

    assert [told.is_behind(stored) for stored in ({"a": 3}, {"a": 4}, {"a": 4})] == [
        False,
        False,
        True,
    ]
    assert [told.is_behind({"a": 3, "b": 0}), told.is_behind({"a": 3})] == [
        False,
        False,
    ]
    assert [told.is_behind({}), told.is_behind({})] == [False, True]


async def test_watcher_sees_a_run_as_it_happens(
    people: People, interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async with (
        open_window(interview) as window,
        open_watch(interview, people.reviewer) as watch,
    ):
        begun = await window.ask("run.start", section=folder, kind="file")
        started = await until_soon(watch, "run.started", run=begun["run"])
        printed = await until_soon(watch, "run.output", run=begun["run"])
        finished = await until_soon(watch, "run.finished", run=begun["run"])
        # A page that comes later asks for what it missed.
        again = await watch.ask("run.resume", run=begun["run"], offset=0)
        repeated = await until_soon(watch, "run.finished", run=begun["run"])

    assert (started["kind"], printed["text"]) == ("file", "hello\n")
    assert again["type"] == "run.started"
    assert repeated == finished
