"""The terminal in the room: what it shows, keeps, refuses and lets out; its other end is the test."""

import pytest
from playwright.sync_api import Page, expect

from tests.js.browser.conftest import FakeAssistant, Room, find_violations
from tests.js.browser.terminals import PROMPT, FakeShell, FakeTerminals, screen_text

pytestmark = pytest.mark.browser

BUSY = "\x1b[?2004l"
# What asks the terminal who it is, where its cursor stands and how large its window is.
QUESTIONS = b"\x1b[c\x1b[>c\x1b[6n\x1b[18t\x1b[14t\x1b[21t\x1b]11;?\x07\x1bP$qm\x1b\\"
HOSTILE = b"".join(
    [
        b"\x1b]52;c;aGFja2Vk\x07\x1b]52;c;?\x07",
        b"\x1b]0;" + b"T" * 100_000 + b"\x07\x1b]2;<img src=x>\x07",
        b"\x1b]10;#ffffff\x07\x1b]11;#ffffff\x07\x1b]4;0;#fff\x07",
        b"\x1b[8;1;1t\x1b[?3h\x1b[5t",
        b"\x07" * 5_000,
        b"\xff\xfe\xc3(\xf0\x9f\x92 \xed\xa0\x80",
        b"\x1b]8;;javascript:document.title='hacked'\x07script\x1b]8;;\x07 ",
        "\x1b]8;;https://exаmple.com/a\x07bank\x1b]8;;\x07\r\n".encode(),
        b"<script>document.title='hacked'</script>\r\n",
    ]
)


@pytest.fixture
def terminals(room: Room) -> FakeTerminals:
    """Shells that do what the test says."""
    fake = FakeTerminals()
    room.context.route_web_socket("**/terminal/**", fake.attend)
    room.context.route_web_socket("**/workspace/**", fake.attend_workspace)
    return fake


def show_terminal(page: Page) -> None:
    """Bring the terminals into sight."""
    page.get_by_role("tab", name="Terminal").click()


def begin(room: Room, terminals: FakeTerminals) -> tuple[Page, FakeShell]:
    """Open the first terminal, at its prompt, with the keyboard in it."""
    page = room.open()
    show_terminal(page)
    shell = terminals.wait_for(page, "1")
    shell.say(PROMPT)
    expect(page.locator(".xterm-rows")).to_contain_text("$")
    page.locator(".terminal-fit").click()
    return page, shell


def test_terminal_hostile_output_stays_in_its_place(
    room: Room, terminals: FakeTerminals
) -> None:
    told: list[str] = []
    room.context.on("console", lambda line: told.append(line.text))
    room.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page, shell = begin(room, terminals)
    page.evaluate("navigator.clipboard.writeText('mine')")
    title = page.title()
    colour = page.locator(".terminal-fit .xterm-rows").evaluate(
        "(rows) => getComputedStyle(rows).color"
    )
    # Signs that are all put over one letter must not keep the page busy.
    shell.say("a" + "\u0301" * 60_000 + "\r\n")
    shell.say(HOSTILE + b"the end\r\n")
    expect(page.locator(".xterm-rows")).to_contain_text("the end")
    assert page.evaluate("navigator.clipboard.readText()") == "mine"
    assert page.title() == title
    assert "<script>document.title='hacked'</script>" in screen_text(page)
    rows = page.locator(".terminal-fit .xterm-rows")
    assert rows.evaluate("(one) => getComputedStyle(one).color") == colour
    assert shell.typed == b""
    assert {frame["type"] for frame in shell.frames} <= {"resize", "ack"}

    # It is drawn in full all the same, and under the strict policy.
    shell.say("\x1b[38;2;1;80;30mgreen\x1b[0m\r\n")
    green = page.get_by_text("green", exact=True)
    expect(green).to_have_css("color", "rgb(1, 80, 30)")
    assert [line for line in told if "Content Security" in line] == []

    # A link does nothing before its address was read; one that is no address, nothing at all.
    page.get_by_text("script", exact=True).first.click(force=True)
    expect(page.locator("[data-terminal-line]")).to_be_hidden()
    page.get_by_text("bank", exact=True).click(force=True)
    line = page.locator("[data-terminal-line]")
    expect(line).to_contain_text("https://xn--exmple-4nf.com/a")
    assert line.get_by_role("link").get_attribute("rel") == "noopener noreferrer"
    line.get_by_role("button", name="Leave it").click()
    expect(line).to_be_hidden()
    assert len(room.context.pages) == 1


def test_terminal_answers_only_where_it_drives_and_only_now(
    room: Room, terminals: FakeTerminals
) -> None:
    terminals["1"].printed = QUESTIONS + PROMPT.encode()
    page, shell = begin(room, terminals)
    assert shell.typed == b""
    shell.say(QUESTIONS + b"asked\r\n")
    shell.until(page, lambda one: one.typed.endswith(b"\x1b\\"))
    assert b"\x1b[?1;2c" in shell.typed
    assert b"\x1b[4;" not in shell.typed
    assert b"\x1b[8;" not in shell.typed

    shell.typed = b""
    shell.send(type="driver", is_driver=False)
    expect(page.locator("[data-terminal-hint]")).to_contain_text("Reading only")
    shell.send(type="resize", rows=6, cols=30)
    shell.say(QUESTIONS + b"x" * 31 + b" read\r\n")
    expect(page.locator(".xterm-rows")).to_contain_text("read")
    page.keyboard.type("rm -rf ~\n")
    page.keyboard.press("Control+Shift+V")
    assert "\n" + "x" * 30 + "\n" in screen_text(page)
    shell.send(type="driver", is_driver=True)
    expect(page.locator("[data-terminal-hint]")).to_contain_text("Ctrl+M")
    page.keyboard.type("ls")
    shell.until(page, lambda one: one.typed == b"ls")


def test_terminal_goes_on_after_a_cut_and_tells_what_was_lost(
    room: Room, terminals: FakeTerminals
) -> None:
    page, shell = begin(room, terminals)
    shell.say(b"0123456789abcde\n" * 20_000)
    shell.until(page, lambda one: [f for f in one.frames if f["type"] == "ack"] != [])
    shell.until(page, lambda one: one.frames[-1].get("upto", 0) > 262_144)
    shell.say("\r\nbefore the cut\r\n")
    expect(page.locator(".xterm-rows")).to_contain_text("before the cut")
    shell.cut()
    shell.until(page, lambda one: len(one.queries) == 2)
    assert shell.queries[1]["after"] == [str(len(shell.printed))]
    shell.say("after it\r\n")
    expect(page.locator(".xterm-rows")).to_contain_text("after it")
    assert screen_text(page).count("before the cut") == 1

    shell.send(type="lost", reason="runner_lost", message="Gone.", is_retried=False)
    expect(page.locator(".xterm-rows")).to_contain_text("Gone.")
    page.get_by_role("button", name="Start again").click()
    shell.until(page, lambda one: one.frames[-1]["type"] == "start")
    shell.printed = b""
    shell.send(
        type="hello",
        shell="g2/1",
        head=0,
        is_new=True,
        offset=0,
        rows=24,
        cols=80,
        is_driver=True,
    )
    shell.say("a new one\r\n")
    expect(page.locator(".xterm-rows")).to_contain_text("a new one")
    expect(page.locator("[data-terminal-line]")).to_be_hidden()


def test_terminals_are_opened_left_and_closed_by_keyboard(
    room: Room, terminals: FakeTerminals
) -> None:
    page, first = begin(room, terminals)
    page.keyboard.press("Tab")
    first.until(page, lambda one: one.typed == b"\t")
    page.keyboard.press("Control+m")
    expect(page.locator("[data-terminal-hint]")).to_contain_text("Tab leaves")
    page.keyboard.press("Shift+Tab")
    assert first.typed == b"\t"
    expect(page.get_by_label("What can be done")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Turn screen-reader mode on").click()
    first.say("read aloud\r\n")
    expect(page.locator(".live-region")).to_contain_text("read aloud")

    page.get_by_role("button", name="Open another terminal").click()
    second = terminals.wait_for(page, "2")
    second.say(PROMPT)
    page.keyboard.type("two")
    second.until(page, lambda one: one.typed == b"two")
    assert find_violations(page) == []
    page.get_by_role("button", name="Close terminal 2").click()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Close terminal 2").click()
    page.keyboard.press("Enter")
    second.until(page, lambda one: one.frames[-1]["type"] == "close")
    expect(page.get_by_role("button", name="Terminal 2", exact=True)).to_have_count(0)
    assert first.typed == b"\t"
    page.locator(".terminal-fit").click()
    page.keyboard.press("Control+c")
    first.until(page, lambda one: one.typed == b"\t\x03")


def test_suggested_command_is_put_into_a_shell_that_waits(
    room: Room, terminals: FakeTerminals, assistant: FakeAssistant
) -> None:
    page = room.open()
    page.get_by_label("Your question").fill("How?")
    page.keyboard.press("Enter")
    assistant.wait_asked(page, 1)
    assistant.begin()
    assistant.say("Run it:\n\n```sh\n$ pytest -q\n```\n")
    assistant.end()
    run = page.locator("[data-code-run]")
    run.click()
    first = terminals.wait_for(page, "1")
    first.say(PROMPT)
    first.until(page, lambda one: one.typed.endswith(b"\r"))
    folder = room.interview.assessment_version.sections.order_by("position")[0].folder
    command = f"cd ~/'{folder}' && pytest -q"
    assert command.encode() in first.typed
    expect(page.get_by_role("tab", name="Terminal")).to_have_attribute(
        "aria-selected", "true"
    )
    # Its shell is busy now: the next one goes into another.
    first.say(BUSY + "\r\n")
    page.wait_for_function(
        "() => document.querySelector('.terminal-fit .xterm-rows').textContent.trim()"
    )
    run.click()
    second = terminals.wait_for(page, "2")
    second.say(PROMPT)
    second.until(page, lambda one: command.encode() in one.typed)
    assert first.typed.count(command.encode()) == 1
