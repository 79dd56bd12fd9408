"""The web process gone, killed or in order: the candidate's time comes back, and is told."""

import os
import signal
from datetime import timedelta

import pytest

from base.clock import now
from interviews.models import Attendance, Fault, Interview, WebProcess
from tests.e2e.chaos.page import Page, open_page
from tests.e2e.stack import Stack, wait_until

pytestmark = pytest.mark.xdist_group("chaos")

AWAY = timedelta(seconds=60)


def wait_for_attendance() -> None:
    wait_until(
        Attendance.objects.filter(closed_at=None).exists, "the candidate is noted"
    )


def move_back() -> None:
    """Have the processes there were gone a minute ago."""
    for process in WebProcess.objects.all():
        process.started_at -= AWAY
        process.heartbeat_at -= AWAY
        if process.stopped_at is not None:
            process.stopped_at -= AWAY
        process.save()


def credit_in(page: Page) -> int:
    """Wait for the clock that shows what was given back; return its seconds."""
    while True:
        clock = page.until("clock")
        found = [one for one in clock["entries"] if one.get("cause") == "restart"]
        if found:
            return int(found[-1]["ms"]) // 1000


def test_killed_web_process_gives_the_time_back_and_says_so(
    stack: Stack, interview: Interview
) -> None:
    stack.start("web")
    with open_page(stack, interview, "workspace"):
        wait_for_attendance()
        stack.kill("web")
    move_back()
    killed_at = now()

    stack.start("web")
    with open_page(stack, interview, "workspace") as page:
        given = credit_in(page)

    started = (now() - killed_at).total_seconds()
    assert AWAY.total_seconds() <= given <= AWAY.total_seconds() + started + 3
    assert Fault.objects.get().detail == "The server was cut off."


@pytest.mark.long
def test_web_process_stopped_in_order_gives_the_time_back_too(
    stack: Stack, interview: Interview
) -> None:
    stack.start("web")
    with open_page(stack, interview, "workspace"):
        wait_for_attendance()
        os.kill(stack.pid("web"), signal.SIGTERM)
        stopped = WebProcess.objects.filter(stopped_at__isnull=False)
        wait_until(stopped.exists, "it says that it stops")
    stack.kill("web")
    move_back()

    stack.start("web")
    with open_page(stack, interview, "workspace") as page:
        assert credit_in(page) >= AWAY.total_seconds()
    assert Fault.objects.get().detail == "The server stopped."


def test_cable_of_the_candidate_alone_gives_nothing(
    stack: Stack, interview: Interview
) -> None:
    stack.start("web")
    for _ in range(2):
        with open_page(stack, interview, "workspace") as page:
            wait_for_attendance()
            assert page.hello["interview"]["lasting"] == []
        wait_until(
            lambda: not Attendance.objects.filter(closed_at=None).exists(),
            "the going is noted",
        )
        Attendance.objects.update(closed_at=now() - AWAY)

    assert not Fault.objects.exists()
