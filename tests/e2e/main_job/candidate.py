"""What the candidate does, page after page, as a person does it."""

import re
from collections.abc import Mapping

from playwright.sync_api import Page, expect

MOD = "Control"


def come_to_the_room(page: Page, link: str) -> None:
    """Link, consent, check, begin."""
    page.goto(link)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/consent/")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Agree and continue").click()
    page.wait_for_url("**/check/")
    proceed = page.locator("[data-continue]")
    expect(proceed).to_be_enabled(timeout=20_000)
    proceed.click()
    page.get_by_role("button", name="Start the interview").click()
    page.wait_for_url("**/room/")
    wait_for_editor(page)


def wait_for_editor(page: Page) -> None:
    """Wait until the file is open and everything is stored."""
    page.locator(".cm-content").wait_for()
    expect_saved(page)


def expect_saved(page: Page) -> None:
    """Wait until the bar says that everything is stored."""
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")


def rewrite(page: Page, files: Mapping[str, str]) -> None:
    """Replace the content of these files of the open section."""
    page.keyboard.press("Alt+f")
    for name, text in files.items():
        page.get_by_role("treeitem", name=name, exact=True).click()
        expect(page.locator(".editor-tabs [aria-current]")).to_have_text(name)
        page.locator(".cm-content").click()
        page.keyboard.press(f"{MOD}+a")
        page.keyboard.press("Delete")
        page.keyboard.insert_text(text)
        expect_saved(page)


def run_tests(page: Page) -> list[str]:
    """Run the visible tests and return how each ended."""
    page.keyboard.press(f"{MOD}+Enter")
    tests = page.locator("[data-run-tests] .test")
    tests.first.wait_for(timeout=40_000)
    marks = tests.locator(".test-line > .visually-hidden")
    return marks.all_inner_texts()


def ask(page: Page, question: str) -> None:
    """Ask the assistant and see the answer begin."""
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(".turn-question").last).to_have_text(question)
    expect(page.locator(".turn-answer").last).to_contain_text("Simulated answer")


def wait_for_answer(page: Page) -> str:
    """Wait for the answer's end and return what it says."""
    expect(page.locator("[data-composer=stop]")).to_be_hidden(timeout=40_000)
    return page.locator(".turn-answer").last.inner_text()


def wait_for_recording(page: Page, seconds: int) -> None:
    """Wait until so many seconds of the recording are safe."""
    light = page.locator("[data-state=record]")
    shown = re.compile(r"(\d+):(\d\d)(?: of [\d:]+)? stored")

    def stored() -> int:
        found = shown.search(light.inner_text())
        return int(found[1]) * 60 + int(found[2]) if found else 0

    for _ in range(120):
        if stored() >= seconds:
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"not recorded: {light.inner_text()}")


def finish(page: Page) -> None:
    """Finish, and confirm."""
    page.get_by_role("button", name="Finish").click()
    page.locator("#finish-dialog").get_by_role("button", name="Finish").click()
    page.wait_for_url("**/finish/", timeout=60_000)
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
