"""Interviewers who type: several writers at once, each known as who they are."""

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from accounts.enums import Role
from base.clock import now
from base.text import utf16_length
from interviews.consumers import outbound
from interviews.consumers.workspace import CLOSE_TRY_AGAIN
from interviews.enums import Origin, TextOrigin
from interviews.models import Document, Event, Interview
from interviews.selectors.origins import read_text_runs
from interviews.workspace.changes import Changes, apply_changes
from interviews.workspace.changesets import map_changes
from interviews.workspace.origins import TextRun
from tests.factories.people import People
from tests.interviews.watch.conftest import ask
from tests.interviews.watch.windows import open_watch
from tests.interviews.workspace.windows import Frame, Window, open_window

SOLUTION = "def add(a, b):\n    return 0\n"


def insert(text: str, at: int, length: int) -> Changes:
    parts: list[Any] = [at, [0, *text.split("\n")], length - at]
    return [part for part in parts if part]


async def document_of(interview: Interview, path: str) -> Document:
    return await Document.objects.aget(interview=interview, path=path)


async def runs_of(interview: Interview, path: str) -> list[tuple[int, str]]:
    runs = await sync_to_async(read_text_runs)(interview, path)
    return [(run.length, run.origin) for run in runs]


async def test_interviewer_types_and_everybody_sees_whose_it_is(
    people: People, interview: Interview, folder: str
) -> None:
    path = f"{folder}/solution.py"
    await ask(interview, people.interviewer)
    async with (
        open_window(interview) as window,
        open_watch(interview, people.interviewer) as typist,
        open_watch(interview, people.reviewer) as reader,
    ):
        assert [each.hello["writer"] for each in (window, typist, reader)] == [
            True,
            True,
            False,
        ]
        stored = await typist.edit(path, 0, insert("# why?\n", 0, 28))
        seen = [
            await each.until("document.updates", path=path) for each in (window, reader)
        ]
        # The candidate goes on in the same window.
        after = await window.edit(path, 1, insert("# so\n", 7, 35))
        told = await typist.until("document.updates", path=path)
        opened = await reader.ask("document.open", path=path)

    change = {"client": "editor", "changes": insert("# why?\n", 0, 28)}
    assert stored["version"] == 1
    assert seen[0] == seen[1]
    assert seen[0]["updates"] == [{**change, "origin": "interviewer"}]
    assert after["version"] == 2
    assert "origin" not in told["updates"][0]
    assert opened["text"] == f"# why?\n# so\n{SOLUTION}"
    assert opened["interviewer"] == [[0, 7]]
    events = Event.objects.filter(interview=interview, kind="document.updated")
    logged = [
        (event.origin, event.payload.get("actor"))
        async for event in events.order_by("seq")
    ]
    assert logged == [
        (Origin.INTERVIEWER, people.interviewer.pk),
        (Origin.CANDIDATE, None),
    ]
    assert await runs_of(interview, path) == [
        (7, TextOrigin.INTERVIEWER),
        (5, TextOrigin.TYPED),
        (28, TextOrigin.STARTER),
    ]


async def test_missed_updates_say_whose_they_are(
    people: People, interview: Interview, folder: str
) -> None:
    path = f"{folder}/solution.py"
    async with (
        open_window(interview) as window,
        open_watch(interview, people.recruiter) as typist,
    ):
        await typist.edit(path, 0, insert("x", 0, 28))
        await window.edit(path, 1, insert("y", 0, 29))
        refused = await window.edit(path, 0, insert("z", 0, 28))
        await window.until("document.updates", version=0)
        missing = window.seen[-1]

    assert refused["code"] == "version_conflict"
    assert [each.get("origin") for each in missing["updates"]] == ["interviewer", None]


FORBIDDEN: list[Frame] = [
    {"frame": "file.create", "path": "PATH/new.py"},
    {"frame": "file.rename", "path": "PATH/solution.py", "to": "PATH/b.py"},
    {"frame": "file.delete", "path": "PATH/solution.py"},
    {"frame": "section.open", "section": "PATH"},
    {"frame": "run.start", "section": "PATH", "kind": "tests"},
    {"frame": "run.stop", "run": str(uuid4())},
    {"frame": "presence.take"},
    {
        "frame": "document.apply",
        "path": "PATH/solution.py",
        "version": 0,
        "mode": "append",
        "text": "x",
        "turn": "t",
        "block": 0,
    },
]


@pytest.mark.parametrize("frame", FORBIDDEN, ids=lambda frame: frame["frame"])
async def test_interviewer_edits_documents_and_does_nothing_else(
    people: People, interview: Interview, folder: str, frame: Frame
) -> None:
    fields = {
        name: value.replace("PATH", folder) if isinstance(value, str) else value
        for name, value in frame.items()
    }
    kind = fields.pop("frame")
    async with (
        open_window(interview) as window,
        open_watch(interview, people.owner) as typist,
    ):
        listed = window.hello["documents"]
        refused = await typist.ask(kind, **fields)
        assert (await window.ask("presence.take"))["documents"] == listed

    assert refused["code"] == "read_only"


@pytest.mark.parametrize(
    ("role", "is_allowed_here"),
    [(Role.REVIEWER, True), (Role.OWNER, False), (Role.INTERVIEWER, False)],
    ids=["reviewer", "owner of a silent one", "interviewer of a silent one"],
)
async def test_typing_where_it_is_not_allowed_is_refused(
    people: People,
    interview: Interview,
    silent_interview: Interview,
    role: Role,
    is_allowed_here: bool,
) -> None:
    watched = interview if is_allowed_here else silent_interview
    await ask(watched, people.with_role(role))
    async with (
        open_window(watched) as window,
        open_watch(watched, people.with_role(role)) as reader,
    ):
        path = window.hello["documents"][0]["path"]
        refused = await reader.edit(path, 0, [])
        assert reader.hello["writer"] is False

    assert refused["code"] == "read_only"
    assert not await Document.objects.filter(version__gt=0).aexists()


async def test_typing_after_the_end_is_refused(
    people: People, interview: Interview, folder: str
) -> None:
    async with (
        open_window(interview),
        open_watch(interview, people.recruiter) as typist,
    ):
        await Interview.objects.filter(pk=interview.pk).aupdate(
            ends_at=now() - timedelta(seconds=1)
        )
        refused = await typist.edit(f"{folder}/solution.py", 0, insert("x", 0, 28))

    assert refused["code"] == "interview_ended"
    assert not await Document.objects.filter(version__gt=0).aexists()


async def test_typing_of_somebody_dismissed_is_refused_before_any_tick(
    people: People, interview: Interview, folder: str
) -> None:
    await ask(interview, people.interviewer)
    async with (
        open_window(interview),
        open_watch(interview, people.interviewer) as typist,
    ):
        await interview.interviewers.all().adelete()
        refused = await typist.edit(f"{folder}/solution.py", 0, insert("x", 0, 28))

    assert refused["code"] == "read_only"


class Editor:
    """An editor's collaboration as CodeMirror does it, one edit waiting at a time."""

    def __init__(self, window: Window, path: str, name: str) -> None:
        self.window = window
        self.path = path
        self.name = name
        self.text = SOLUTION
        self.version = 0
        self.waiting: Changes | None = None

    def type(self, text: str, at: int) -> None:
        """Put text in at a place of what this editor shows, before it is stored."""
        length = utf16_length(self.text)
        self.waiting = insert(text, min(at, length), length)
        self.text = apply_changes(self.text, self.waiting)

    def take(self, frame: Frame) -> None:
        """Take what others did over, under what waits here."""
        for update in frame["updates"][self.version - frame["version"] :]:
            self.version += 1
            theirs = update["changes"]
            if self.waiting is not None:
                if update["client"] == self.name:
                    self.waiting = None
                    continue
                mapped = map_changes(theirs, self.waiting, before=True)
                self.waiting = map_changes(self.waiting, theirs)
                theirs = mapped
            self.text = apply_changes(self.text, theirs)

    async def store(self) -> None:
        """Send what waits until it is stored."""
        while self.waiting is not None:
            frame_id = await self.window.send(
                frame="document.update",
                path=self.path,
                version=self.version,
                updates=[{"client": self.name, "changes": self.waiting}],
            )
            await self.until_answered(frame_id)

    async def until_answered(self, frame_id: str) -> None:
        is_refused = False
        while True:
            frame = await self.window.next()
            if frame["type"] == "document.updates":
                self.take(frame)
                if is_refused:
                    return
            elif frame.get("id") == frame_id:
                if frame["type"] == "document.acknowledged":
                    self.version, self.waiting = frame["version"], None
                    return
                assert frame["code"] == "version_conflict"
                is_refused = True

    async def catch_up(self, version: int) -> None:
        """Read on until this version is here."""
        while self.version < version:
            frame = await self.window.next()
            if frame["type"] == "document.updates":
                self.take(frame)


@pytest.mark.parametrize("seed", range(4))
async def test_three_windows_with_two_writers_converge(
    people: People, interview: Interview, folder: str, seed: int
) -> None:
    path = f"{folder}/solution.py"
    dice = random.Random(seed)
    async with (
        open_window(interview) as window,
        open_watch(interview, people.recruiter) as typist,
        open_watch(interview, people.reviewer) as reader,
    ):
        writers = [Editor(window, path, "candidate"), Editor(typist, path, "guest")]
        onlooker = Editor(reader, path, "reader")
        for turn in range(12):
            for writer in writers:
                words = f"{writer.name[0]}{turn}😀"
                writer.type(words, dice.choice([0, 5, utf16_length(writer.text)]))
            dice.shuffle(writers)
            for writer in writers:
                await writer.store()
        document = await document_of(interview, path)
        for editor in (*writers, onlooker):
            await editor.catch_up(document.version)
        texts = {editor.text for editor in (*writers, onlooker)}

    assert texts == {document.text}
    runs = await sync_to_async(read_text_runs)(interview, path)
    by_origin = {
        origin: sum(run.length for run in runs if run.origin == origin)
        for origin in (TextOrigin.TYPED, TextOrigin.INTERVIEWER, TextOrigin.STARTER)
    }
    written = sum(len(f"c{turn}") + 2 for turn in range(12))
    assert by_origin == {
        TextOrigin.TYPED: written,
        TextOrigin.INTERVIEWER: written,
        TextOrigin.STARTER: 28,
    }
    assert document.interviewer_ranges == ranges_of(runs)


def ranges_of(runs: Iterable[TextRun]) -> list[list[int]]:
    """Where the runs of interviewers stand, neighbours joined."""
    ranges: list[list[int]] = []
    at = 0
    for run in runs:
        if run.origin == TextOrigin.INTERVIEWER:
            if ranges and ranges[-1][1] == at:
                ranges[-1][1] = at + run.length
            else:
                ranges.append([at, at + run.length])
        at += run.length
    return ranges


async def test_watcher_that_reads_nothing_holds_up_nobody(
    people: People, interview: Interview, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "WINDOW_CHARS", 20_000)
    monkeypatch.setattr(outbound, "MAX_WAITING", 16)
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        async with open_watch(interview, people.reviewer) as stalled:
            length = 28
            for version in range(40):
                piece = "y" * 30_000 if version == 0 else "z"
                stored = await window.edit(path, version, insert(piece, 0, length))
                assert stored["version"] == version + 1
                length += len(piece)
            while (frame := await stalled.next())["type"] != "closed":
                assert frame["type"] != "pong"
        assert frame["code"] == CLOSE_TRY_AGAIN
        # Its page comes back, and is as far as everybody.
        async with open_watch(interview, people.reviewer) as back:
            listed = {each["path"]: each for each in back.hello["documents"]}

    assert listed[path]["version"] == 40
