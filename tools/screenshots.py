"""Makes docs/images/room.png from a running demo: `python -m tools.screenshots URL`.

URL is the candidate's link that `make demo` prints. Chromium's fake camera and
microphone stand in for real ones.
"""

import argparse
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Error, Locator, Page, ViewportSize, sync_playwright

from tools.bootstrap.console import say
from tools.bootstrap.paths import ROOT

SIZE: ViewportSize = {"width": 1440, "height": 900}
FLAGS = [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--no-sandbox",
]
STEPS_TO_THE_ROOM = 12
FORWARD = re.compile(r"agree|continue|begin|start|next|enter|practice|skip", re.I)
ROOM = re.compile(r"/room/?(?:[?#].*)?$")


def main(arguments: Sequence[str]) -> int:
    """Walk from the link to the room and take its picture; return the exit code."""
    parser = argparse.ArgumentParser(prog="screenshots", description=__doc__)
    parser.add_argument("url", help="the candidate's link")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--dark", action="store_true")
    options = parser.parse_args(arguments)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(
            viewport=SIZE,
            color_scheme="dark" if options.dark else "light",
            permissions=["camera", "microphone"],
        )
        page = context.new_page()
        page.goto(options.url)
        if not walk_to_room(page):
            say(f"The room was not reached; the last page was {page.url}")
            return 1
        work_a_little(page)
        name = "room-dark.png" if options.dark else "room.png"
        options.to.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=options.to / name)
        say(f"Wrote {options.to / name}")
        browser.close()
    return 0


def walk_to_room(page: Page) -> bool:
    """Tick what must be ticked and go forward, page after page."""
    for _step in range(STEPS_TO_THE_ROOM):
        if ROOM.search(page.url):
            return True
        for box in page.locator("main input[type=checkbox]:not(:checked)").all():
            box.check()
        forward = first_enabled(page.get_by_role("button", name=FORWARD)) or (
            first_enabled(page.get_by_role("link", name=FORWARD))
        )
        if forward is None:
            page.wait_for_timeout(1500)
            continue
        forward.click()
        page.wait_for_load_state("load")
        page.wait_for_timeout(1000)
    return bool(ROOM.search(page.url))


def first_enabled(found: Locator) -> Locator | None:
    """Return the first that can be clicked."""
    for each in found.all():
        if each.is_visible() and each.is_enabled():
            return each
    return None


def work_a_little(page: Page) -> None:
    """Run the tests and ask one question, so that every panel has something in it."""
    page.locator(".cm-content").first.wait_for()
    try:
        page.get_by_role("button", name=re.compile("run tests", re.I)).first.click()
        page.get_by_text(re.compile(r"\d+ of \d+ (failed|passed)")).first.wait_for()
        question = page.get_by_role("textbox", name=re.compile("your question", re.I))
        question.first.fill("Why does the first visible test fail?")
        question.first.press("Enter")
    except Error as error:
        say(f"Part of the room could not be used: {error.message.splitlines()[0]}")
    page.wait_for_timeout(8000)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
