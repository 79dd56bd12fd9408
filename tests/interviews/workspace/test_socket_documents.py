"""Documents over the socket: what is acknowledged is stored, once, for every window."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from base.text import content_hash
from interviews.models import Document, Event, Interview
from interviews.workspace.changes import apply_changes
from tests.interviews.workspace.windows import Window, open_window

SOLUTION = "def add(a, b):\n    return 0\n"


async def events(interview: Interview, kind: str) -> list[dict[str, Any]]:
    rows = Event.objects.filter(interview=interview, kind=kind).order_by("seq")
    return [payload async for payload in rows.values_list("payload", flat=True)]


def insert(text: str, at: int, length: int) -> list[Any]:
    return [part for part in ([at] if at else []) + [[0, text]] + [length - at] if part]


async def test_hello_shows_the_workspace(interview: Interview, folder: str) -> None:
    async with open_window(interview) as window:
        hello = window.hello

    assert hello["type"] == "hello"
    assert hello["protocol"] == 1
    assert hello["writer"] is True
    assert hello["section"] == folder
    assert hello["live_run"] is None
    assert hello["interview"]["state"] == "active"
    assert 0 < hello["interview"]["remaining_ms"] <= 55 * 60 * 1000
    listed = {entry["path"]: entry for entry in hello["documents"]}
    assert len(listed) == 6
    document = await Document.objects.aget(
        interview=interview, path=f"{folder}/solution.py"
    )
    assert listed[f"{folder}/solution.py"] == {
        "document": document.pk,
        "path": f"{folder}/solution.py",
        "version": 0,
        "hash": content_hash(SOLUTION),
        "size": len(SOLUTION),
    }


async def test_second_hello_does_not_bring_deleted_starters_back(
    interview: Interview, folder: str
) -> None:
    async with open_window(interview) as window:
        for entry in window.hello["documents"]:
            await window.ask("file.delete", path=entry["path"])
    async with open_window(interview) as window:
        assert window.hello["documents"] == []


async def test_update_is_acknowledged_stored_and_logged(
    interview: Interview, folder: str
) -> None:
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        opened = await window.ask("document.open", path=path)
        assert opened["text"] == SOLUTION
        answer = await window.edit(path, 0, insert("# 😀\n".strip(), 0, 28))

    document = await Document.objects.aget(interview=interview, path=path)
    assert document.text == f"# 😀{SOLUTION}"
    assert document.version == 1
    assert answer["type"] == "document.acknowledged"
    assert answer["version"] == 1
    assert answer["hash"] == content_hash(document.text) == document.hash
    logged = await events(interview, "document.updated")
    assert [(entry["path"], entry["version"]) for entry in logged] == [(path, 1)]


async def test_update_sent_twice_is_stored_once(
    interview: Interview, folder: str
) -> None:
    path = f"{folder}/solution.py"
    frame = {
        "id": "the-same-id",
        "path": path,
        "version": 0,
        "updates": [{"client": "editor", "changes": insert("x", 0, 28)}],
    }
    async with open_window(interview) as window:
        first = await window.ask("document.update", **frame)
    async with open_window(interview) as window:
        second = await window.ask("document.update", **frame)

    assert first == second
    assert (await Document.objects.aget(interview=interview, path=path)).version == 1
    assert len(await events(interview, "document.updated")) == 1


async def test_update_behind_gets_what_it_missed(
    interview: Interview, folder: str
) -> None:
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        await window.edit(path, 0, insert("one", 0, 28))
        await window.edit(path, 1, insert("two", 0, 31))
        refused = await window.edit(path, 0, insert("three", 28, 28))
        missing = await window.until("document.updates")

    assert refused["type"] == "error"
    assert refused["code"] == "version_conflict"
    assert refused["retryable"] is True
    assert missing["version"] == 0
    text = SOLUTION
    for update in missing["updates"]:
        text = apply_changes(text, update["changes"])
    assert text == f"twoone{SOLUTION}"


async def test_conflict_after_a_rename_and_an_applied_answer_is_complete(
    interview: Interview, folder: str
) -> None:
    path, moved = f"{folder}/solution.py", f"{folder}/moved.py"
    async with open_window(interview) as window:
        await window.edit(path, 0, insert("one", 0, 28))
        await window.ask("file.rename", path=path, to=moved)
        # A new file of the former name has a history of its own.
        await window.ask("file.create", path=path, text="new")
        await window.edit(path, 0, insert("new", 0, 3))
        applied = await window.ask(
            "document.apply",
            path=moved,
            version=1,
            mode="append",
            text="end",
            turn="t",
            block=0,
        )
        assert applied["type"] == "document.applied"
        await window.until("document.updates", path=moved)
        refused = await window.edit(moved, 0, insert("late", 0, 28))
        assert refused["code"] == "version_conflict"
        missing = await window.until("document.updates")

    text = SOLUTION
    for update in missing["updates"]:
        text = apply_changes(text, update["changes"])
    document = await Document.objects.aget(interview=interview, path=moved)
    assert text == document.text == f"one{SOLUTION}end"


async def test_update_ahead_of_the_server_is_refused_without_updates(
    interview: Interview, folder: str
) -> None:
    async with open_window(interview) as window:
        refused = await window.edit(f"{folder}/solution.py", 7, insert("x", 0, 28))
        assert refused["code"] == "version_conflict"
        assert await window.is_quiet()


async def test_update_with_half_a_character_mends_the_sender_too(
    interview: Interview, folder: str
) -> None:
    path = f"{folder}/solution.py"
    typed = insert("\ud800", 0, 28)
    async with open_window(interview) as window:
        acknowledged = await window.edit(path, 0, typed)
        mend = await window.until("document.updates")

    document = await Document.objects.aget(interview=interview, path=path)
    assert acknowledged["version"] == mend["version"] == 1
    assert document.version == 2
    sender = apply_changes(SOLUTION, typed)
    assert (
        apply_changes(sender, mend["updates"][0]["changes"])
        == document.text
        == f"\ufffd{SOLUTION}"
    )


@pytest.mark.parametrize(
    ("mode", "line", "expected"),
    [
        ("replace", None, "new\n"),
        ("append", None, f"{SOLUTION}new\n"),
        ("insert", 2, "def add(a, b):\nnew\n    return 0\n"),
    ],
)
async def test_apply_changes_every_window(
    interview: Interview, folder: str, mode: str, line: int | None, expected: str
) -> None:
    path = f"{folder}/solution.py"
    async with open_window(interview) as window, open_window(interview) as other:
        applied = await window.ask(
            "document.apply",
            path=path,
            version=0,
            mode=mode,
            line=line,
            text="new\r\n",
            turn="turn-1",
            block=2,
        )
        mine = await window.until("document.updates")
        theirs = await other.until("document.updates")

    assert applied["hash"] == content_hash(expected)
    assert mine == theirs
    assert apply_changes(SOLUTION, mine["updates"][0]["changes"]) == expected
    logged = await events(interview, "document.applied")
    assert [(e["turn"], e["block"], e["mode"]) for e in logged] == [("turn-1", 2, mode)]


async def test_files_are_created_renamed_and_deleted_for_all(
    interview: Interview, folder: str
) -> None:
    async with open_window(interview) as window, open_window(interview) as other:
        created = await window.ask("file.create", path=f"{folder}/a.py", text="a\r\n")
        renamed = await window.ask(
            "file.rename", path=f"{folder}/a.py", to=f"{folder}/lib/b.py"
        )
        deleted = await window.ask("file.delete", path=f"{folder}/lib/b.py")
        seen = [await other.until("file.changed") for _ in range(3)]

    assert [frame["action"] for frame in (created, renamed, deleted)] == [
        "created",
        "renamed",
        "deleted",
    ]
    assert renamed["to"] == f"{folder}/lib/b.py"
    paths = [[e["path"] for e in frame["documents"]] for frame in seen]
    assert f"{folder}/a.py" in paths[0]
    assert f"{folder}/lib/b.py" in paths[1]
    assert len(paths[2]) == 6
    assert (await events(interview, "file.created"))[-1]["text"] == "a\n"


async def test_file_frames_sent_twice_are_done_once(
    interview: Interview, folder: str
) -> None:
    created = {"id": "create-once", "path": f"{folder}/a.py", "text": "a"}
    renamed = {"id": "rename-once", "path": f"{folder}/a.py", "to": f"{folder}/b.py"}
    deleted = {"id": "delete-once", "path": f"{folder}/b.py"}
    async with open_window(interview) as window, open_window(interview) as other:
        first = [
            await window.ask("file.create", **created),
            await window.ask("file.rename", **renamed),
            await window.ask("file.delete", **deleted),
        ]
        again = [
            await window.ask("file.create", **created),
            await window.ask("file.rename", **renamed),
            await window.ask("file.delete", **deleted),
        ]
        crossed = await window.ask("file.delete", **{**deleted, "id": "an-edit"})
        for _ in first:
            await other.until("file.changed")
        assert await other.is_quiet()

    assert [frame["action"] for frame in again] == ["created", "renamed", "deleted"]
    assert again[2] == first[2]
    # Done once: the answer to a repeat shows the files as they are by now.
    assert len(again[0]["documents"]) == 6
    assert crossed["code"] == "not_found"


async def test_workspace_takes_no_more_files_than_the_limit(
    interview: Interview, folder: str, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "workspace_documents": 7}
    async with open_window(interview) as window:
        seventh = await window.ask("file.create", path=f"{folder}/7.py")
        eighth = await window.ask("file.create", path=f"{folder}/8.py")
    assert seventh["type"] == "file.changed"
    assert eighth["code"] == "workspace_full"


async def test_workspace_takes_no_more_bytes_than_the_limit(
    interview: Interview, folder: str, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "workspace_bytes": 1000}
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        full = await window.edit(path, 0, insert("x" * 1000, 0, 28))
        created = await window.ask("file.create", path=f"{folder}/x", text="x" * 1000)
    assert full["code"] == created["code"] == "workspace_full"


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("document.open", {"path": "{f}/none.py"}, "not_found"),
        ("document.open", {"path": "../etc/passwd"}, "not_found"),
        ("file.create", {"path": "{f}/solution.py"}, "exists"),
        ("file.create", {"path": "{f}/SOLUTION.py"}, "exists"),
        ("file.create", {"path": "{f}/../x.py"}, "bad_path"),
        ("file.create", {"path": "elsewhere/x.py"}, "bad_path"),
        ("file.create", {"path": "{f}/big.py", "text": "x" * 999_000}, None),
        (
            "file.create",
            {"path": "{f}/big.py", "text": "漢" * 334_000},
            "file_too_large",
        ),
        ("file.rename", {"path": "{f}/none.py", "to": "{f}/x.py"}, "not_found"),
        ("file.rename", {"path": "{f}/solution.py", "to": "{f}/tests"}, "exists"),
        ("file.rename", {"path": "{f}/solution.py", "to": "{f}/Solution.py"}, None),
        ("file.delete", {"path": "{f}/none.py"}, "not_found"),
        ("section.open", {"section": "nowhere"}, "not_found"),
        ("run.start", {"section": "{f}", "kind": "hidden"}, "bad_frame"),
    ],
)
async def test_request_that_cannot_be_done_says_why(
    interview: Interview,
    folder: str,
    kind: str,
    fields: dict[str, str],
    code: str | None,
) -> None:
    filled = {name: value.replace("{f}", folder) for name, value in fields.items()}
    async with open_window(interview) as window:
        answer = await window.ask(kind, **filled)

    assert answer.get("code") == code


async def test_update_larger_than_the_limit_is_refused(
    interview: Interview, folder: str
) -> None:
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        answer = await window.edit(path, 0, insert("x" * 263_000, 0, 28))
    assert answer["code"] == "file_too_large"


async def test_file_cannot_grow_beyond_a_megabyte_but_can_shrink(
    interview: Interview, folder: str
) -> None:
    path = f"{folder}/big.txt"
    async with open_window(interview) as window:
        await window.ask("file.create", path=path, text="x" * 900_000)
        grown = await window.edit(path, 0, insert("y" * 200_000, 0, 900_000))
        shrunk = await window.edit(path, 0, [[100_000], 800_000])
    assert grown["code"] == "file_too_large"
    assert shrunk["version"] == 1


async def test_section_is_remembered(interview: Interview) -> None:
    async with open_window(interview) as window:
        other = sorted({e["path"].split("/")[0] for e in window.hello["documents"]})[1]
        await window.ask("section.open", section=other)
    async with open_window(interview) as window:
        assert window.hello["section"] == other
    assert await events(interview, "section.opened") == [{"section": 1}]


async def test_window_typing_fast_loses_nothing(
    interview: Interview, folder: str
) -> None:
    path = f"{folder}/solution.py"

    async def type_out(window: Window) -> None:
        for version in range(30):
            answer = await window.edit(
                path, version, insert("x", version, 28 + version)
            )
            assert answer["version"] == version + 1

    async with open_window(interview) as window, open_window(interview) as other:
        await type_out(window)
        frames = [await other.until("document.updates") for _ in range(30)]

    assert [frame["version"] for frame in frames] == list(range(30))
    document = await Document.objects.aget(interview=interview, path=path)
    assert document.text == "x" * 30 + SOLUTION
