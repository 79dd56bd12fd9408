"""What a page missed, asked for; and files that took the name of another."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from interviews.models import Document, Interview
from interviews.selectors.workspace import list_updates_since
from interviews.workspace.changes import apply_changes
from tests.interviews.workspace.test_socket_documents import SOLUTION, insert
from tests.interviews.workspace.windows import Window, open_window


async def catch_up(window: Window, path: str, version: int) -> list[dict[str, Any]]:
    """Ask until nothing is missing; return the answers."""
    answers: list[dict[str, Any]] = []
    while not answers or version < answers[-1]["current"]:
        answer = await window.ask("document.catch_up", path=path, version=version)
        assert answer["type"] == "document.missed"
        assert answer["version"] == version
        version += len(answer["updates"])
        answers.append(answer)
    return answers


async def test_catch_up_tells_what_was_done_since(
    interview: Interview, folder: str
) -> None:
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        await window.edit(path, 0, insert("one", 0, 28))
        await window.edit(path, 1, insert("two", 0, 31))
        (since,) = await catch_up(window, path, 1)
        (nothing,) = await catch_up(window, path, 2)
        ahead = await window.ask("document.catch_up", path=path, version=7)

    assert since["current"] == 2
    assert [update["changes"] for update in since["updates"]] == [insert("two", 0, 31)]
    assert nothing["updates"] == ahead["updates"] == []
    assert ahead["current"] == 2


async def test_what_is_stored_while_the_missed_is_read_shifts_nothing(
    interview: Interview, folder: str
) -> None:
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        await window.edit(path, 0, insert("one", 0, 28))
        read = await Document.objects.select_related("interview").aget(path=path)
        await window.edit(path, 1, insert("three", 0, 31))

    (missed,) = await sync_to_async(list_updates_since)(read, 0)

    assert missed["changes"] == insert("one", 0, 28)


async def test_catch_up_comes_in_parts_that_fit_a_frame(
    interview: Interview, folder: str
) -> None:
    path, length = f"{folder}/solution.py", len(SOLUTION)
    async with open_window(interview) as window:
        for number in range(6):
            await window.edit(path, number, insert("é" * 70_000, 0, length))
            length += 70_000
        answers = await catch_up(window, path, 0)

    assert len(answers) > 1
    text = SOLUTION
    for answer in answers:
        for update in answer["updates"]:
            text = apply_changes(text, update["changes"])
    document = await Document.objects.aget(interview=interview, path=path)
    assert text == document.text


@pytest.mark.parametrize("kind", ["document.update", "document.catch_up"])
async def test_file_of_the_same_name_is_not_taken_for_the_one_before(
    interview: Interview, folder: str, kind: str
) -> None:
    path = f"{folder}/solution.py"
    update = {"client": "editor", "changes": insert("x", 0, len(SOLUTION))}
    async with open_window(interview) as window:
        former = await window.ask("document.open", path=path)
        await window.ask("file.delete", path=path)
        created = await window.ask("file.create", path=path, text=SOLUTION)
        answers = [
            await window.ask(
                kind, path=path, document=number, version=0, updates=[update]
            )
            for number in (former["document"], listed(created, path)["document"])
        ]

    assert [answer.get("code") for answer in answers] == ["not_found", None]


def listed(frame: dict[str, Any], path: str) -> dict[str, Any]:
    """The line of a file in a list."""
    lines = {line["path"]: line for line in frame["documents"]}
    found: dict[str, Any] = lines[path]
    return found
