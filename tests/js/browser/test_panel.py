"""The assistant's panel: what stands stays, and what an answer and a question can do."""

import base64
import json
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, WebSocketRoute, expect

from assistant.models import Attachment
from assistant.services.attachments import describe_intake
from tests.assistant.samples import png
from tests.js.browser.conftest import FakeAssistant, Room, find_violations

pytestmark = pytest.mark.browser

ANSWER = """# Why it fails

The **sum** in `solution.py:2` starts at `0`, see solution.py:1 and [the docs](https://docs.python.org/3/).

- One reason
- Another one

| a | b |
|---|---|
| 1 | 2 |

```python
def add(a, b):
    return a + b
```

Then run it:

```sh
$ python3 solution.py
```

That is all of it, and **more**.
"""

# Counts what happens in every block that has another one behind it.
WATCH = """() => {
  window.touched = [];
  const text = document.querySelector(".turn-text");
  new MutationObserver((records) => {
    for (const { target } of records) {
      const at = [...text.children].findIndex((block) => block.contains(target));
      const settled = window.settled ?? 0;
      if (at >= 0 && at < settled) window.touched.push([at, target.nodeName]);
    }
    window.settled = Math.max(window.settled ?? 0, text.children.length - 1);
  }).observe(text, { subtree: true, childList: true, characterData: true, attributes: true });
}"""


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your question").fill(text)
    page.keyboard.press("Enter")


def begin(page: Page, assistant: FakeAssistant) -> None:
    ask(page, "Why does it fail?")
    assistant.wait_asked(page, 1)
    assistant.begin()


def test_panel_never_touches_a_block_that_is_finished(
    room: Room, assistant: FakeAssistant
) -> None:
    page = room.open()
    begin(page, assistant)
    assistant.say("First.\n\nS")
    expect(page.locator(".turn-text > *")).to_have_count(2)
    page.evaluate(WATCH)
    text = "econd.\n\n" + ANSWER
    for at in range(0, len(text), 7):
        assistant.say(text[at : at + 7])
        page.evaluate("() => new Promise(requestAnimationFrame)")
    frame = {"type": "turn.tool", "turn": "t", "call": "c1", "name": "read_file"}
    assistant.send(**frame, state="running", title="Reading solution.py")
    assistant.send(
        **frame, state="done", title="Reading solution.py", detail="def add(a, b):"
    )
    assistant.say("The file says so.")
    assistant.end()
    expect(page.locator(".turn-text").last).to_have_text("The file says so.")
    assert page.evaluate("window.settled") >= 8
    assert page.evaluate("window.touched") == []
    line = page.locator(".tool-line summary")
    expect(line).to_have_text("Reading solution.py, done")
    line.click()
    expect(page.locator(".tool-detail")).to_have_text("def add(a, b):")
    heard = page.locator("[data-chat=announce] p").all_text_contents()
    assert heard.index("Second.") == heard.index("First.") + 1
    assert heard[-2:] == ["The file says so.", "The answer is complete."]
    assert "Code in python, 2 lines." in heard
    assert find_violations(page) == []


def test_panel_answer_leads_to_the_line_and_runs_its_command(
    room: Room, assistant: FakeAssistant
) -> None:
    asked: list[dict[str, Any]] = []
    windows: list[WebSocketRoute] = []

    def attend(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        windows.append(socket)

        def tell(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame["type"] == "hello":
                frame["running"] = {"available": True, "message": ""}
            socket.send(json.dumps(frame))

        def hear(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame["type"] != "run.start":
                server.send(message)
                return
            asked.append(frame)
            queued = {
                "type": "run.queued",
                "id": frame["id"],
                "run": "r",
                "position": 1,
            }
            socket.send(json.dumps(queued))

        server.on_message(tell)
        socket.on_message(hear)

    room.context.route_web_socket("**/workspace/**", attend)
    page = room.open()
    begin(page, assistant)
    assistant.say(ANSWER)
    assistant.end()
    page.locator(".place", has_text="solution.py:2").click()
    expect(page.locator(".cm-activeLine")).to_have_text("    return 0")
    expect(page.locator(".cm-content")).to_be_focused()
    run = page.locator("[data-code-run]")
    expect(run).to_have_count(2)
    run.first.click()
    expect(page.locator("[data-run-state]")).to_contain_text("Waiting")
    code = "def add(a, b):\n    return a + b"
    assert [frame["command"] for frame in asked] == [f"python3 - <<'END'\n{code}\nEND"]
    expect(run.first).to_have_attribute("aria-disabled", "true")
    # It can be reached and asked, and says why it does nothing.
    run.first.click(force=True)
    expect(page.locator(".code-result").first).to_contain_text("Something runs already")
    assert len(asked) == 1
    finish_run(windows[-1], "r")
    expect(run.first).not_to_have_attribute("aria-disabled", "true")
    # What the assistant runs is shown as well, though nobody asked for it here.
    begun = {"type": "run.started", "run": "other", "kind": "command"}
    windows[-1].send(json.dumps({**begun, "argv_text": "sleep 9"}))
    expect(page.locator("[data-run-output]")).to_contain_text("$ sleep 9")
    expect(page.locator("[data-run=stop]")).to_be_visible()
    finish_run(windows[-1], "other")
    expect(page.locator("[data-run=stop]")).to_be_hidden()


def finish_run(window: WebSocketRoute, run: str) -> None:
    told = {"exit_code": 0, "reason": "exited", "duration_ms": 5, "tests": None}
    window.send(json.dumps({"type": "run.finished", "run": run, "output": "", **told}))


def test_panel_last_question_is_edited_and_the_old_one_kept(
    room: Room, assistant: FakeAssistant
) -> None:
    page = room.open()
    begin(page, assistant)
    assistant.say("Because.")
    assistant.end()
    box = page.get_by_label("Your question")
    box.fill("half a thought")
    page.get_by_role("button", name="Edit this question").click()
    expect(box).to_have_value("Why does it fail?")
    page.keyboard.press("Escape")
    expect(box).to_have_value("half a thought")
    page.get_by_role("button", name="Edit this question").click()
    ask(page, "Why does the second test fail?")
    frame = assistant.wait_asked(page, 2)
    assert (frame["text"], frame["replaces"]) == ("Why does the second test fail?", "t")
    expect(box).to_have_value("half a thought")
    expect(page.locator(".turn")).to_have_count(1)
    turn = page.locator(".turn")
    expect(turn.locator(".turn-question").first).to_have_text(frame["text"])
    expect(turn.locator(".turn-earlier")).to_be_hidden()
    turn.get_by_text("Edited").click()
    expect(turn.locator(".turn-earlier")).to_have_text("Why does it fail?Because.")
    assert find_violations(page) == []


def test_panel_pasted_picture_goes_along_with_the_question(
    room: Room, assistant: FakeAssistant
) -> None:
    assistant.hello["images"] = describe_intake(room.interview)
    page = room.open()
    large = base64.b64encode(png(2000, 1000)).decode()
    page.get_by_label("Your question").fill("What is this?")
    page.evaluate(
        """async (data) => {
          const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([bytes], "x.png", { type: "image/png" }));
          const event = { clipboardData, bubbles: true, cancelable: true };
          document.querySelector(".composer textarea")
            .dispatchEvent(new ClipboardEvent("paste", event));
        }""",
        large,
    )
    expect(page.locator(".composer-images img")).to_be_visible()
    expect(page.locator("[data-composer=send]")).to_be_enabled()
    image = Attachment.objects.get()
    assert (image.width, image.height) == (1568, 784)
    assert find_violations(page) == []
    page.get_by_label("Your question").focus()
    page.keyboard.press("Enter")
    assert assistant.wait_asked(page, 1)["images"] == [str(image.pk)]
    shown = page.locator(".turn-images img")
    address = reverse("assistant:image", args=[room.interview.pk, image.pk])
    expect(shown).to_have_attribute("src", address)
    expect(shown).to_have_js_property("naturalWidth", 1568)
    expect(page.locator(".composer-images")).to_be_hidden()
