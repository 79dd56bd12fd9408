"""Tools that run something in the candidate's sandbox, as the assistant."""

import asyncio

from django.conf import settings
from django.utils.translation import gettext as _

from assistant.models import ToolCall
from assistant.tools.base import ToolContext, ToolInput, ToolOutcome
from assistant.tools.output import fence
from assistant.turns.threads import in_thread
from interviews.availability import check_running
from interviews.enums import Origin, RunState
from interviews.live_runs import OWNER, LiveRun, start_live_run
from interviews.models import Interview, Run
from interviews.notifications import tell_group
from interviews.protocol import workspace_group
from interviews.runner_client import RunSpec
from interviews.selectors.workspace import open_folder
from interviews.services.run_commands import AskedKind, build_spec, command_text
from interviews.services.runs import create_run

# Beside the run itself: its place in the runner's line, bringing files there and back.
EXTRA_SECONDS = 45.0
# A run that was told to stop ends soon after; more is not waited for.
STOP_SECONDS = 10.0


async def run_tests(context: ToolContext, asked: ToolInput) -> ToolOutcome:
    """Run the visible tests of the open section on the files as they are stored."""
    del asked
    return await _run(context, "tests")


async def run_command(context: ToolContext, asked: ToolInput) -> ToolOutcome:
    """Run a line of shell in the open section's folder."""
    return await _run(context, "command", str(asked["command"]))


async def _run(context: ToolContext, kind: AskedKind, command: str = "") -> ToolOutcome:
    running = await check_running()
    if not running.is_available:
        return ToolOutcome(
            f"Nothing was run: no sandbox works here now. {running.message}",
            is_error=True,
            detail=_("not available"),
        )
    beginning = asyncio.ensure_future(_begin(context, kind, command))
    try:
        run, live = await asyncio.shield(beginning)
    except asyncio.CancelledError:
        # Its thread goes on: a run that is written down all the same ends at once.
        beginning.add_done_callback(_stop_begun)
        raise
    if live is None:
        return describe_run(run)
    is_over = await _wait(live)
    ended = await Run.objects.select_related("interview__assessment_version").aget(
        pk=run.pk
    )
    return await in_thread(describe_run)(ended, is_late=not is_over)


async def _begin(
    context: ToolContext, kind: AskedKind, command: str
) -> tuple[Run, LiveRun | None]:
    """Write the run down and execute it; None beside one that was begun before."""
    run, spec = await in_thread(_create)(context, kind, command)
    if spec is None:
        return run, None
    live = start_live_run(run, spec)
    await _tell_windows(run)
    return run, live


def _stop_begun(beginning: asyncio.Future[tuple[Run, LiveRun | None]]) -> None:
    if beginning.cancelled() or beginning.exception() is not None:
        return
    _run, live = beginning.result()
    if live is not None:
        live.stop()


def _create(
    context: ToolContext, kind: AskedKind, command: str
) -> tuple[Run, RunSpec | None]:
    """Write the run down; the same call again is the same run."""
    interview = Interview.objects.select_related("assessment_version").get(
        pk=context.interview_id
    )
    call = ToolCall.objects.get(
        turn=context.turn_id, step=context.step, call_id=context.call_id
    )
    run, is_new = create_run(
        interview.pk,
        client_id=f"tool-{call.pk}",
        kind=kind,
        folder=open_folder(interview),
        path=None,
        command=command,
        owner=OWNER,
        origin=Origin.ASSISTANT,
    )
    return run, build_spec(run) if is_new else None


async def _tell_windows(run: Run) -> None:
    """Have every window of the workspace show the run as it goes."""
    # No window started it: each of them is told.
    message = {"type": "run.began", "run": str(run.pk), "sender": ""}
    await tell_group(workspace_group(run.interview_id), message)


async def _wait(live: LiveRun) -> bool:
    """Wait for the end; a run that is late, or no longer wanted, is stopped."""
    limit = settings.LIMITS["run_seconds"] + EXTRA_SECONDS
    try:
        async with asyncio.timeout(limit):
            await live.over.wait()
    except TimeoutError:
        live.stop()
        async with asyncio.timeout(STOP_SECONDS):
            await live.over.wait()
        return False
    except asyncio.CancelledError:
        live.stop()
        raise
    return True


def describe_run(run: Run, *, is_late: bool = False) -> ToolOutcome:
    """Return how a run ended, with what it printed as data."""
    words = [_ending(run, is_late=is_late)]
    detail = ""
    if run.tests is not None:
        passed = sum(1 for test in run.tests if test.get("outcome") == "passed")
        words.append(f"{passed} of {len(run.tests)} tests passed.")
        detail = _("%(passed)d of %(count)d passed") % {
            "passed": passed,
            "count": len(run.tests),
        }
    elif run.exit_code is not None:
        detail = _("exit code %(code)d") % {"code": run.exit_code}
    told = f"[{run.message}]\n{run.output}" if run.message else run.output
    printed = fence(f"run_{_kind(run)}", told, {"command": command_text(run)})
    return ToolOutcome(
        f"{' '.join(words)}\n{printed}",
        is_error=run.state != RunState.FINISHED or run.reason == "failed",
        detail=detail,
        covers=str(run.pk) if run.tests is not None else "",
    )


def _kind(run: Run) -> str:
    return "tests" if run.kind == "tests" else "command"


def _ending(run: Run, *, is_late: bool) -> str:
    if is_late:
        return "It took too long and was stopped."
    if run.exit_code is not None:
        return f"It ended with exit code {run.exit_code}."
    return f"It did not end by itself ({run.reason or run.state})."
