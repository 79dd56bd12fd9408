"""The web process killed with -9: what was acknowledged is there, once."""

from datetime import timedelta

import pytest

from assistant.enums import MessageRole, TurnState
from assistant.events import TurnText
from assistant.models import Message, Turn
from base.clock import now
from billing.models import Reservation, Usage
from interviews.models import Document, Event, Interview
from interviews.timeline.kinds import DocumentUpdated
from tests.e2e.chaos.page import Page, open_page
from tests.e2e.stack import Stack, wait_until

pytestmark = pytest.mark.xdist_group("chaos")

LONG = "Please write a long answer"


def answer_states(page: Page) -> list[str]:
    messages = page.hello["messages"]
    return [one["state"] for one in messages if one["role"] == "assistant"]


def test_web_killed_mid_answer_keeps_the_part_and_its_tokens(
    stack: Stack, interview: Interview
) -> None:
    stack.start("simulator", "web")
    with open_page(stack, interview, "assistant") as page:
        asked = page.send("turn.ask", text=LONG)
        page.until("turn.delta")
        stored = Event.objects.filter(interview=interview, kind=TurnText.kind)
        wait_until(stored.exists, "a part of the answer is stored")
        stack.kill("web")
    kept = "".join(event.payload["text"] for event in stored.order_by("seq"))
    turn = Turn.objects.get(conversation__interview=interview)
    assert (turn.state, turn.finished_at) == (TurnState.RUNNING, None)

    # Its owner is silent for longer than an owner may be.
    Turn.objects.update(heartbeat_at=now() - timedelta(minutes=1))
    stack.start("web")
    with open_page(stack, interview, "assistant") as page:
        assert page.hello["live"] is None
        assert answer_states(page) == [TurnState.INTERRUPTED]
        shown = page.hello["messages"][-1]
        assert kept
        assert shown["text"] == kept
        assert shown["error"]["message"]
        usage = Usage.objects.get(reference=str(interview.pk))
        assert usage.input_tokens + usage.cache_write_1h_tokens > 0
        assert usage.output_tokens > 0
        assert usage.is_estimated
        assert not Reservation.objects.filter(state="open").exists()

        page.send("turn.ask", id=asked, text=LONG)
        assert page.until("turn.finished", "turn.failed")["type"] == "turn.failed"
        page.send("turn.ask", text="Why does the first test fail?")
        assert page.until("turn.finished", "turn.failed")["type"] == "turn.finished"
    with open_page(stack, interview, "assistant") as page:
        assert answer_states(page) == [TurnState.INTERRUPTED, TurnState.FINISHED]
    assert Turn.objects.count() == Usage.objects.count() == 2
    assert Message.objects.filter(role=MessageRole.ASSISTANT).count() == 2


def test_web_killed_mid_edit_keeps_every_acknowledged_update_once(
    stack: Stack, interview: Interview
) -> None:
    stack.start("web")
    with open_page(stack, interview, "workspace") as page:
        path = f"{page.hello['section']}/solution.py"
        opened = page.ask("document.open", path=path)
        editor = Editor(path, opened["version"], opened["text"])
        for number in range(20):
            reply = page.ask("document.update", **editor.write(f"# line {number}\n"))
            assert reply["type"] == "document.acknowledged"
        updates = Event.objects.filter(interview=interview, kind=DocumentUpdated.kind)
        # One is stored, its acknowledgement never read; one is cut off on its way.
        unread = editor.write("# stored, unread\n")
        unread["id"] = page.send("document.update", **unread)
        wait_until(lambda: updates.count() == 21, "the unread update is stored")
        cut = editor.write("# on its way\n")
        cut["id"] = page.send("document.update", **cut)
        stack.kill("web")

    stack.start("web")
    with open_page(stack, interview, "workspace") as page:
        for repeated in (unread, cut, cut):
            reply = page.ask("document.update", **repeated)
            assert reply["type"] == "document.acknowledged"
        opened = page.ask("document.open", path=path)
    assert (opened["version"], opened["text"]) == (editor.version, editor.text)
    assert Document.objects.get(interview=interview, path=path).text == editor.text
    assert updates.count() == 22


class Editor:
    """What the candidate's editor holds of one file."""

    def __init__(self, path: str, version: int, text: str) -> None:
        self.path = path
        self.version = version
        self.text = text

    def write(self, line: str) -> dict[str, object]:
        """Write a line at the end; return what is to be sent."""
        insertion = [0, *line.split("\n")]
        changes = [len(self.text), insertion] if self.text else [insertion]
        frame: dict[str, object] = {
            "path": self.path,
            "version": self.version,
            "updates": [{"client": "editor", "changes": changes}],
        }
        self.text += line
        self.version += 1
        return frame
