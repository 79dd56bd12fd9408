"""What a page is told when it sends too much, or when something got lost."""

import asyncio
import json

import pytest

from interviews.consumers import workspace
from interviews.models import Document, Interview
from tests.interviews.workspace.windows import WAIT, open_window


async def test_flood_is_slowed_not_cut(interview: Interview) -> None:
    async with open_window(interview) as window:
        for number in range(70):
            await window.send_text(json.dumps({"type": "ping", "t": number}))
        answers = [await window.next() for _ in range(70)]
    kinds = [answer["type"] for answer in answers]
    assert kinds[:50] == ["pong"] * 50
    assert {answer["code"] for answer in answers[50:] if answer["type"] == "error"} == {
        "too_many_frames"
    }


async def test_frame_that_is_one_too_many_is_told_so_by_its_id(
    interview: Interview, folder: str
) -> None:
    ask = {"frame": "document.open", "path": f"{folder}/solution.py"}
    async with open_window(interview) as window:
        for number in range(50):
            await window.send(frame="ping", t=number)
        refused = await window.send(**ask)
        for number in range(49):
            await window.send(frame="ping", t=number)
        # Twice as much as is allowed is not even read.
        unread = await window.send(**ask)
        answers = [await window.next() for _ in range(101)]

    errors = [answer for answer in answers if answer["type"] == "error"]
    assert len(errors) == 51
    assert {error["code"] for error in errors} == {"too_many_frames"}
    assert errors[0]["id"] == refused
    assert unread not in {error.get("id") for error in errors}


async def test_candidate_is_told_of_what_the_layer_lost(
    interview: Interview, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "TICK_SECONDS", 0.1)
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        await window.edit(path, 0, [28, [0, "x"]])
        await window.until("clock")
        # Stored, and told to nobody.
        documents = Document.objects.filter(interview=interview, path=path)
        await documents.aupdate(version=7)
        async with asyncio.timeout(WAIT):
            listed = await window.until("file.changed")
        frames = [frame["type"] for frame in window.seen]
        is_told_once = [await window.next() for _ in range(4)]

    versions = {entry["path"]: entry["version"] for entry in listed["documents"]}
    assert (versions[path], listed["path"]) == (7, "")
    assert frames.count("hello") == 1
    assert {frame["type"] for frame in is_told_once} == {"clock"}
