"""How text came in, over the socket: told by the page, checked, stored, shown."""

import pytest
from asgiref.sync import sync_to_async

from interviews.enums import TextOrigin
from interviews.models import Interview
from interviews.selectors.origins import read_origin_shares
from tests.interviews.workspace.test_socket_documents import events, insert
from tests.interviews.workspace.windows import open_window


async def test_update_tells_how_its_text_came_in(
    interview: Interview, folder: str
) -> None:
    path = f"{folder}/solution.py"
    told = {"kind": "paste", "size": 5, "source": "outside"}
    update = {"client": "editor", "changes": insert("paste", 0, 28), "input": told}
    async with open_window(interview) as writer, open_window(interview) as window:
        await writer.ask("document.update", path=path, version=0, updates=[update])
        seen = await window.until("document.updates")
    shares = await sync_to_async(read_origin_shares)(interview)

    (logged,) = await events(interview, "document.updated")
    assert logged["updates"] == seen["updates"] == [update]
    assert TextOrigin.PASTED_OUTSIDE in {share.origin for share in shares}


@pytest.mark.parametrize(
    "told",
    [
        "paste",
        {"kind": "paste"},
        {"kind": "starter", "size": 1, "source": "inside"},
        {"kind": "paste", "size": 1, "source": "elsewhere"},
        {"kind": "paste", "size": -1, "source": "inside"},
        {"kind": "paste", "size": 1_000_001, "source": "inside"},
        {"kind": "paste", "size": "5", "source": "inside"},
    ],
    ids=repr,
)
async def test_update_with_a_nonsensical_input_is_refused(
    interview: Interview, folder: str, told: object
) -> None:
    update = {"client": "editor", "changes": insert("x", 0, 28), "input": told}
    async with open_window(interview) as window:
        answer = await window.ask(
            "document.update", path=f"{folder}/solution.py", version=0, updates=[update]
        )

    assert answer["code"] == "bad_frame"
    assert await events(interview, "document.updated") == []
