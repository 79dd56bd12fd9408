"""Several runners: the one with the least to do gets the work."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from interviewlm.checks import check_runner
from interviews.availability import check_running
from interviews.runner_client import (
    RunnerUnavailable,
    RunSpec,
    choose_client,
    choose_runner,
    list_runners,
)
from interviews.runner_client.fleet import forget_runners, run_anywhere
from tests.fakes.runner import FakeRunner, open_fake_runner

NOBODY = "unix:/nowhere/runner.sock"
SPEC = RunSpec(("true",))


@pytest.fixture
async def two(settings: Settings) -> AsyncIterator[tuple[FakeRunner, FakeRunner]]:
    """Two runners; the first is busier."""
    forget_runners()
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(open_fake_runner())
        second = await stack.enter_async_context(open_fake_runner())
        first.waiting = 3
        settings.RUNNERS = [address(first), address(second)]
        yield first, second


def address(runner: FakeRunner) -> str:
    return f"unix:{runner.path}"


def test_one_runner_is_the_default(settings: Settings) -> None:
    settings.RUNNERS = []
    settings.RUNNER_SOCKET = "/run/r.sock"

    assert list_runners() == ("unix:/run/r.sock",)


async def test_work_goes_where_least_is_waiting(
    two: tuple[FakeRunner, FakeRunner],
) -> None:
    first, second = two

    chosen = [await choose_runner() for _ in range(5)]

    # What was sent there meanwhile counts until it is asked again.
    assert chosen[:3] == [address(second)] * 3
    assert set(chosen[3:]) == {address(first), address(second)}


async def test_work_stays_with_the_runner_that_has_it(
    two: tuple[FakeRunner, FakeRunner],
) -> None:
    first, second = two

    assert await choose_runner(address(first)) == address(first)
    assert await choose_runner(NOBODY) == address(second)


@pytest.mark.parametrize("leased", ["", "second"], ids=["fresh", "leased there"])
async def test_runner_whose_sandbox_is_off_gets_nothing(
    two: tuple[FakeRunner, FakeRunner], leased: str
) -> None:
    first, second = two
    second.reason = "Off."

    found = await choose_runner(address(second) if leased else "")

    assert found == address(first)


async def test_runner_that_died_a_moment_ago_is_passed_over(
    two: tuple[FakeRunner, FakeRunner],
) -> None:
    first, second = two
    await choose_runner()
    second.path.unlink()

    result = await run_anywhere(SPEC)

    assert (result.stdout, len(first.runs), len(second.runs)) == (b"hello\n", 1, 0)


async def test_where_nobody_answers_the_error_says_so(
    settings: Settings,
) -> None:
    forget_runners()
    settings.RUNNERS = [NOBODY, f"{NOBODY}2"]

    with pytest.raises(RunnerUnavailable) as refusal:
        await (await choose_client()).run_to_end(SPEC)

    assert refusal.value.code == "runner_unreachable"
    assert not (await check_running()).is_available


async def test_running_is_on_while_one_runner_works(
    two: tuple[FakeRunner, FakeRunner],
) -> None:
    two[0].reason = "Off."

    assert (await check_running()).is_available


async def test_check_names_each_runner(two: tuple[FakeRunner, FakeRunner]) -> None:
    first, second = two
    second.reason = "No bwrap."

    finding = await sync_to_async(check_runner)()

    assert finding.status == "warning"
    assert finding.message == (
        f"{address(first)}: ok. {address(second)}: Running code is off: No bwrap."
    )


async def test_check_tells_of_a_wrong_setting(settings: Settings) -> None:
    settings.RUNNERS = ["tcp://10.0.0.1:7000"]

    finding = await sync_to_async(check_runner)()

    assert "use tls://" in finding.message
    assert "RUNNERS" in finding.mend
