"""`sandbox -- CMD…`: one command in a fresh workspace, for operators."""

import asyncio
import json
import sys
from argparse import REMAINDER, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from interviews.errors import RunningUnavailableError
from interviews.runner_client import (
    LimitRequest,
    RunFinished,
    RunnerClient,
    RunOutput,
    RunSpec,
)


class Command(BaseCommand):
    """Runs a command as a candidate's code would run, and exits as it did."""

    help = "Run one command in the sandbox, its output streamed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--seconds", type=float, default=None)
        parser.add_argument("--json", action="store_true", help="print the end as JSON")
        parser.add_argument("argv", nargs=REMAINDER, metavar="-- CMD")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, print, and exit with the program's code, 1 when it was ended."""
        argv = [word for word in options["argv"] if word != "--"]
        if not argv:
            raise CommandError("Give a command: sandbox -- python3 -c 'print(1)'")
        try:
            finished = asyncio.run(_run(tuple(argv), options["seconds"]))
        except RunningUnavailableError as error:
            raise CommandError(str(error.message)) from error
        if options["json"]:
            self.stdout.write(json.dumps(_facts(finished)))
        elif finished.message:
            self.stderr.write(finished.message)
        if finished.exit_code != 0:
            sys.exit(1 if finished.exit_code is None else finished.exit_code)


async def _run(argv: tuple[str, ...], seconds: float | None) -> RunFinished:
    """Stream the output to our own, and return how the run ended."""
    spec = RunSpec(argv=argv, limits=LimitRequest(wall_seconds=seconds))
    streams = {"stdout": sys.stdout, "stderr": sys.stderr}
    async for frame in RunnerClient(settings.RUNNER_SOCKET).run(spec):
        if isinstance(frame, RunOutput):
            stream = streams[frame.stream]
            stream.write(frame.data.decode(errors="replace"))
            stream.flush()
        elif isinstance(frame, RunFinished):
            return frame
    raise CommandError("The runner ended the connection without a result.")


def _facts(finished: RunFinished) -> dict[str, object]:
    return {
        "reason": finished.reason,
        "exit_code": finished.exit_code,
        "message": finished.message,
        "duration_ms": finished.duration_ms,
        "peak_memory_bytes": finished.peak_memory_bytes,
        "truncated": finished.truncated,
    }
