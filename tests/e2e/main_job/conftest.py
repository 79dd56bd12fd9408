"""Everything the demo starts, on the test's database, with the sample organisation."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from interviewlm.demo.environment import ROOT
from tests.e2e.conftest import Launch
from tests.e2e.stack import Stack, is_ok, open_stack, wait_until

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture
def stack(transactional_db: None, tmp_path: Path) -> Iterator[Stack]:
    """Web, runner, worker with beat and simulator under the product's own settings."""
    with open_stack(tmp_path, "interviewlm.settings") as opened:
        opened.start("simulator", "runner")
        subprocess.run(
            [sys.executable, "manage.py", "load_sample"],
            cwd=ROOT,
            env=opened.full_env(),
            check=True,
            capture_output=True,
            timeout=60,
        )
        opened.start("worker", "web")
        wait_until(lambda: is_ok(f"{opened.url}/readyz"), "/readyz is green", 60)
        yield opened


@dataclass
class Browsers:
    """The recruiter's and the candidate's browser; faults of any page are kept."""

    recruiter: BrowserContext
    candidate: BrowserContext
    faults: list[str]

    def open(self, context: BrowserContext) -> Page:
        """Open a page whose script errors fail the test."""
        page = context.new_page()
        page.add_init_script(path=AXE)  # the pages' policy allows no other way
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda line: (
                self.faults.append(f"{page.url}: {line.text} {line.location}")
                if line.type == "error"
                else None
            ),
        )
        return page


@pytest.fixture
def browsers(launch: Launch, stack: Stack) -> Iterator[Browsers]:
    """Two people at two computers."""
    browser = launch(*CAMERA)

    def open_context() -> BrowserContext:
        return browser.new_context(
            viewport={"width": 1440, "height": 900},
            base_url=stack.url,
            reduced_motion="reduce",
        )

    made = Browsers(
        recruiter=open_context(),
        candidate=open_context(),
        faults=[],
    )
    yield made
    made.recruiter.close()
    made.candidate.close()
    assert made.faults == []
