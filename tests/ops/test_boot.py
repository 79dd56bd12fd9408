"""The demo from its command to green, and down again without leftovers."""

import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.ops.boot import ROOT, Running, all_gone, running
from tools.bootstrap.ports import free_port

DEMO = "interviewlm.demo"
LINK = re.compile(r"http://127\.0\.0\.1:\d+/i/\S+")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that keeps its data from one test to the next."""
    return tmp_path_factory.mktemp("demo")


def candidate_link(text: str) -> str:
    """Return the candidate's link that was printed."""
    found = LINK.search(text)
    assert found is not None, text
    return found.group()


def web_process(demo: Running) -> psutil.Process:
    """Return the demo's web process."""
    return next(one for one in demo.family() if "web" in one.cmdline())


def wait_until(demo: Running, is_there: Callable[[], bool]) -> None:
    """Return once it is there; fail with the demo's output otherwise."""
    deadline = time.monotonic() + 60
    while not is_there():
        assert time.monotonic() < deadline, demo.text()
        time.sleep(0.2)


def is_green(demo: Running) -> bool:
    """Return whether /readyz answers and nothing has failed."""
    try:
        return "failed" not in demo.readiness().values()
    except OSError:
        return False


def assert_page_opens(address: str) -> None:
    """Get the page as a browser would."""
    with urllib.request.urlopen(address, timeout=20) as answer:
        assert answer.status == 200


def test_demo_comes_up_prints_its_links_and_leaves_nothing(folder: Path) -> None:
    with running(DEMO, folder, free_port()) as demo:
        text = demo.wait_until_ready()
        assert "failed" not in demo.readiness().values()
        assert "Answers and scores are simulated." in text
        assert_page_opens(candidate_link(text))
        assert_page_opens(f"http://127.0.0.1:{demo.port}/")
        family = demo.family()
        assert len(family) >= 5
        assert demo.stop(signal.SIGINT) == 0
        assert all_gone(family) == []
    assert "Everything has stopped." in demo.text()


@pytest.mark.long
def test_demo_second_run_keeps_the_data(folder: Path) -> None:
    texts = []
    for _time in range(2):
        with running(DEMO, folder, free_port()) as demo:
            texts.append(demo.wait_until_ready())
            assert demo.stop(signal.SIGTERM) == 0
    codes = [candidate_link(text).split("/i/")[1] for text in texts]
    assert codes[0] == codes[1]


@pytest.mark.long
def test_demo_restarts_a_web_process_that_was_killed(folder: Path) -> None:
    with running(DEMO, folder, free_port()) as demo:
        demo.wait_until_ready()
        web_process(demo).kill()
        wait_until(demo, lambda: "starting it again" in demo.text())
        wait_until(demo, lambda: is_green(demo))
        assert demo.stop() == 0


@pytest.mark.long
def test_demo_that_is_killed_leaves_nothing(folder: Path) -> None:
    with running(DEMO, folder, free_port()) as demo:
        demo.wait_until_ready()
        family = demo.family()
        demo.process.kill()
        assert all_gone(family) == []


@pytest.mark.long
def test_second_demo_from_one_folder_is_refused(folder: Path) -> None:
    with running(DEMO, folder, free_port()) as first:
        first.wait_until_ready()
        argv = [sys.executable, "-m", DEMO, "--port", str(free_port())]
        second = subprocess.run(
            [*argv, "--folder", str(folder)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert second.returncode == 1
    assert "A demo is already running" in second.stderr
    assert "Traceback" not in second.stderr
