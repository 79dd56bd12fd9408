"""`sandbox -- CMD…`: one command in a fresh workspace, for operators."""

import asyncio
import json
import os
import stat
import sys
from argparse import REMAINDER, ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from interviews.errors import RunningUnavailableError
from interviews.runner_client import (
    LimitRequest,
    RunFinished,
    RunOutput,
    RunQueued,
    RunSpec,
    choose_client,
)

_MAX_STDIN_BYTES = 1024 * 1024
_INTERRUPTED = 130


class Command(BaseCommand):
    """Runs a command as a candidate's code would run, and exits as it did."""

    help = (
        "Run one command in the sandbox, its output streamed. "
        "What is piped or redirected into it is the command's standard input."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--seconds", type=float, help="wall time (default 30)")
        parser.add_argument(
            "--env",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a variable of the command; may be repeated",
        )
        parser.add_argument(
            "--json",
            action="store_true",
            help="print how it ended and its limits as JSON, in the last line",
        )
        parser.add_argument("argv", nargs=REMAINDER, metavar="-- CMD")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, print, and exit with the program's code, 1 when it was ended."""
        argv = options["argv"][options["argv"][:1] == ["--"] :]
        if not argv:
            raise CommandError("Give a command: sandbox -- python3 -c 'print(1)'")
        spec = RunSpec(
            argv=tuple(argv),
            env=_read_env(options["env"]),
            stdin=_read_stdin(),
            limits=LimitRequest(wall_seconds=options["seconds"]),
        )
        try:
            finished = asyncio.run(self._run(spec))
        except RunningUnavailableError as error:
            raise CommandError(str(error.message)) from error
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)
        if options["json"]:
            self.stdout.write(json.dumps(_facts(finished)))
        elif finished.message:
            self.stderr.write(finished.message)
        if finished.exit_code != 0:
            sys.exit(1 if finished.exit_code is None else finished.exit_code)

    async def _run(self, spec: RunSpec) -> RunFinished:
        """Stream the output to our own, byte by byte, and return how the run ended."""
        streams = {"stdout": sys.stdout, "stderr": sys.stderr}
        last = b"\n"
        async for frame in (await choose_client()).run(spec):
            match frame:
                case RunQueued(position=position):
                    self.stderr.write(f"Waiting, place {position} in the line.")
                case RunOutput(stream=name, data=data):
                    streams[name].buffer.write(data)
                    streams[name].flush()
                    last = data if name == "stdout" else last
                case RunFinished():
                    if not last.endswith(b"\n"):
                        self.stdout.write("")
                    return frame
        raise CommandError("The runner ended the connection without a result.")


def _read_env(lines: list[str]) -> dict[str, str]:
    """NAME=VALUE each; which names are allowed is the runner's to say."""
    env = {}
    for line in lines:
        name, separator, value = line.partition("=")
        if not separator:
            raise CommandError(f"--env takes NAME=VALUE, not {line!r}.")
        env[name] = value
    return env


def _read_stdin() -> bytes:
    """What was piped or redirected to us; nothing from a terminal or /dev/null."""
    try:
        kind = os.fstat(0).st_mode
    except OSError:
        return b""
    if not (stat.S_ISFIFO(kind) or stat.S_ISREG(kind) or stat.S_ISSOCK(kind)):
        return b""
    with open(0, "rb", closefd=False) as file:
        data = file.read(_MAX_STDIN_BYTES + 1)
    if len(data) > _MAX_STDIN_BYTES:
        raise CommandError("The standard input is larger than 1 MB.")
    return data


def _facts(finished: RunFinished) -> dict[str, object]:
    return {
        "reason": finished.reason,
        "exit_code": finished.exit_code,
        "message": finished.message,
        "duration_ms": finished.duration_ms,
        "peak_memory_bytes": finished.peak_memory_bytes,
        "truncated": finished.truncated,
        "limits": finished.limits,
    }
