"""What a test sees of a room: the editor's text, the frames, the timeline."""

import json
import random
import re
from collections import Counter
from typing import Any

from playwright.sync_api import Page, WebSocket, expect

from base.text import content_hash
from interviews.models import Document, Interview
from interviews.timeline.kinds import DocumentApplied, DocumentUpdated, FileCreated
from interviews.timeline.registry import parse_payload
from interviews.workspace.changes import apply_changes

IN_EDITOR = """async () => {
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const library = loaded.find((name) => /vendor\\/codemirror[^/]*\\.js$/.test(name));
  const { EditorView } = await import(library);
  const view = EditorView.findFromDOM(document.querySelector(".cm-editor"));
  BODY
}"""
PASTE = """(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  document.querySelector(".cm-content").dispatchEvent(event);
}"""
SAVED_WITHIN = 30_000


def in_editor(page: Page, body: str) -> Any:
    """Run JavaScript that has the editor as `view`; return what it returns."""
    return page.evaluate(IN_EDITOR.replace("BODY", body))


def read_editor(page: Page) -> str:
    """Return the whole text of the open file, also what is out of sight."""
    return str(in_editor(page, "return view.state.doc.toString();"))


def paste(page: Page, text: str) -> None:
    """Paste where the cursor is, as from another program."""
    page.evaluate(PASTE, text)


def expect_saved(page: Page, within: int = SAVED_WITHIN) -> None:
    """Wait until the bar says that everything is stored."""
    expect(page.locator("[data-state=saved]")).to_have_text("Saved", timeout=within)


def go_to_end(page: Page) -> None:
    """Put the cursor at the end of the open file."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")


def open_file(page: Page, name: str) -> None:
    """Open a file from the tree and wait until it is shown."""
    page.get_by_role("treeitem", name=name, exact=True).click()
    expect(page.locator(".editor-tabs [aria-current]")).to_have_text(name)


def run_command(page: Page, command: str, answer: str = "") -> str:
    """Run a line of shell; with an answer wait for it and return it."""
    page.get_by_role("tab", name="Output").click()
    page.locator("[data-command-line]").fill(command)
    page.get_by_role("button", name="Run command").click()
    expect(page.locator("[data-run=stop]")).to_be_visible()
    if not answer:
        return ""
    output = page.locator("[data-run-output]")
    expect(output).to_contain_text(re.compile(answer), timeout=30_000)
    found = re.search(answer, output.inner_text())
    assert found
    return found[0]


class Wire:
    """The frames of a page's workspace sockets, over all its reloads."""

    def __init__(self, page: Page) -> None:
        self._sent: dict[str, list[str]] = {}
        self.acknowledged: list[str] = []
        self.messages = 0
        self.largest = 0
        page.on("websocket", self._attend)

    def _attend(self, opened: WebSocket) -> None:
        if "/workspace/" in opened.url:
            opened.on("framesent", self._note_sent)
            opened.on("framereceived", self._note_received)

    def _note_sent(self, text: str | bytes) -> None:
        frame = json.loads(text)
        if frame["type"] == "document.update":
            self.messages += 1
            data = text.encode() if isinstance(text, str) else text
            self.largest = max(self.largest, len(data))
            names = [update["client"] for update in frame["updates"]]
            self._sent[frame["id"]] = names

    def _note_received(self, text: str | bytes) -> None:
        frame = json.loads(text)
        if frame["type"] == "document.acknowledged":
            self.acknowledged += self._sent[frame["id"]]


class Typist:
    """Types numbered words all over the open file, in the same places each time."""

    def __init__(self, page: Page, seed: int = 1, sign: str = "w") -> None:
        self._page = page
        self._sign = sign
        self._random = random.Random(seed)
        self.words: list[str] = []

    def write(self) -> None:
        """Go somewhere and write one more word."""
        keys = self._page.keyboard
        if self._random.random() < 0.4:
            keys.press(self._random.choice(["ArrowUp", "ArrowDown"]))
            keys.press(self._random.choice(["Home", "End"]))
        word = f"{self._sign}{len(self.words)}."
        self.words.append(word)
        ends = self._random.choice(["", " ", "\n", " 😀 "])
        keys.insert_text(f"{word}{ends}")

    def take_back(self) -> None:
        """Write a letter and take it back."""
        self._page.keyboard.press("x")
        self._page.keyboard.press("Backspace")


class Record:
    """One file of an interview as the database has it."""

    def __init__(self, interview: Interview, name: str = "solution.py") -> None:
        self.interview = interview
        section = interview.assessment_version.sections.order_by("position")[0]
        self.path = f"{section.folder}/{name}"

    @property
    def document(self) -> Document:
        return Document.objects.get(interview=self.interview, path=self.path)

    @property
    def text(self) -> str:
        return self.document.text

    def replay(self) -> tuple[str, Counter[str]]:
        """Return the text the timeline makes, and how often it has each edit."""
        text, names = "", Counter[str]()
        for event in self.interview.events.order_by("seq"):
            match parse_payload(event):
                case FileCreated(path=path, text=created) if path == self.path:
                    text = created
                case DocumentUpdated(path=path, updates=updates) if path == self.path:
                    for update in updates:
                        text = apply_changes(text, update["changes"])
                        names[update["client"]] += 1
                case DocumentApplied(path=path, changes=changes) if path == self.path:
                    text = apply_changes(text, changes)
        return text, names

    def check(self, shown: str, *wires: Wire) -> None:
        """The editor, the document and the timeline are one; nothing is there twice."""
        document = self.document
        replayed, names = self.replay()
        assert shown == document.text == replayed
        assert document.hash == content_hash(shown)
        assert document.version == sum(names.values())
        # What pages write has a name of its own, "<page>.<number>".
        ours = {name: count for name, count in names.items() if "." in name}
        assert set(ours.values()) <= {1}, "an edit is stored twice"
        for wire in wires:
            assert set(wire.acknowledged) <= set(ours) | _others(wire, self)


def _others(wire: Wire, record: Record) -> set[str]:
    """Return what a page had stored in the other files."""
    return {
        update["client"]
        for event in record.interview.events.filter(kind=DocumentUpdated.kind)
        if event.payload["path"] != record.path
        for update in event.payload["updates"]
    } & set(wire.acknowledged)
