"""Edits through a network that breaks and pages that are loaded anew."""

import random
import re
from collections.abc import Mapping, Set

import pytest
from playwright.sync_api import Page, expect

from base.text import content_hash
from interviews.models import Interview, Run
from interviews.services.documents import seed_workspace
from interviews.services.files import create_file
from tests.e2e.workspace.cable import Cable
from tests.e2e.workspace.conftest import CabledRoom
from tests.e2e.workspace.desk import (
    Record,
    Typist,
    Wire,
    expect_saved,
    go_to_end,
    open_file,
    read_editor,
)
from tests.fakes.runner_process import RunnerProcess

pytestmark = pytest.mark.browser

EDITS = 300
# The cable is cut before these edits and whole again before those.
CUTS = {30: 45, 80: 99, 140: 160, 200: 205, 260: 290}
# The second one leaves work behind that was written while the cable was cut.
RELOADS = {120, 205}
LOOK = """import hashlib
from pathlib import Path

print(hashlib.sha256(Path(__file__).with_name("solution.py").read_bytes()).hexdigest())
"""


def test_300_edits_over_five_cuts_and_two_reloads_are_stored_once(
    room: CabledRoom, cable: Cable, interview: Interview, runner: RunnerProcess
) -> None:
    write_all(room, cable, interview, CUTS, RELOADS)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_300_edits_over_any_cuts_and_reloads_are_stored_once(
    room: CabledRoom,
    cable: Cable,
    interview: Interview,
    runner: RunnerProcess,
    seed: int,
) -> None:
    numbers = random.Random(seed)
    times = sorted(numbers.sample(range(1, EDITS), 20))
    cuts = dict(zip(times[::2], times[1::2], strict=True))
    whole = [end for end in cuts.values() if end not in cuts]
    write_all(room, cable, interview, cuts, set(numbers.sample(whole, 4)), seed=seed)


def write_all(
    room: CabledRoom,
    cable: Cable,
    interview: Interview,
    cuts: Mapping[int, int],
    reloads: Set[int],
    *,
    seed: int = 1,
) -> None:
    """Write, break, load anew; then editor, database, timeline and disk are one."""
    record, look = Record(interview), Record(interview, "look.py")
    seed_workspace(interview)
    create_file(interview.pk, path=look.path, text=LOOK, client_id="look")
    page = room.context.new_page()
    wire = Wire(page)
    room.open(page)
    typist = Typist(page, seed)
    go_to_end(page)
    for number in range(EDITS):
        if number in cuts:
            cable.cut()
        if number in cuts.values():
            cable.mend()
        if number in reloads:
            room.reload(page)
            page.locator(".cm-content").click()
        if number % 50 == 49:
            typist.take_back()
        typist.write()
    expect_saved(page)

    shown = read_editor(page)
    record.check(shown, wire)
    assert [shown.count(word) for word in typist.words] == [1] * EDITS
    assert wire.acknowledged
    assert run_file(page, "look.py") == content_hash(shown)
    assert Run.objects.get().files[record.path] == content_hash(shown)


def run_file(page: Page, name: str) -> str:
    """Run a file as it is on the runner's disk; return what it says."""
    page.keyboard.press("Alt+f")
    open_file(page, name)
    page.get_by_role("button", name="Run file").click()
    expect(page.locator("[data-run-state]")).to_contain_text("exit", timeout=30_000)
    page.get_by_role("tab", name="Output").click()
    found = re.search("[0-9a-f]{64}", page.locator("[data-run-output]").inner_text())
    assert found
    return found[0]
