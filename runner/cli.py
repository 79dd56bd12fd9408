"""The runner's command line: `serve` and `doctor`."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from runner.bwrap.hierarchies import find_hierarchies
from runner.bwrap.host import Host
from runner.bwrap.leftovers import sweep
from runner.bwrap.process import become_reaper
from runner.bwrap.warm import NOTHING_WARM, WarmLimits
from runner.doctor.doctor import Doctor, Settings
from runner.doctor.report import Report
from runner.errors import RunnerError
from runner.options import add_doors, read_doors
from runner.serving import DRAIN_SECONDS, Serving, serve

_FALSE = {"0", "false", "no", "off"}


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 on success, 1 when the sandbox is off or the server cannot start."""
    options = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    become_reaper()
    # Until there is something to drain.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        return _serve(options) if options.command == "serve" else _doctor(options)
    except RunnerError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runner", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    server = commands.add_parser("serve", help="own the sandboxes behind a socket")
    _add_serving(server)
    doctor = commands.add_parser("doctor", help="examine this machine's sandbox")
    doctor.add_argument("--json", action="store_true")
    for each in (server, doctor):
        each.add_argument("--toolchain", type=Path)
        each.add_argument(
            "--require-hard-limits",
            action=argparse.BooleanOptionalAction,
            default=_requires_hard_limits(),
            help="refuse to run where a limit is only soft "
            "(default: SANDBOX_REQUIRE_HARD_LIMITS, else yes unless INTERVIEWLM_ENV "
            "is development)",
        )
    return parser


def _add_serving(server: argparse.ArgumentParser) -> None:
    add_doors(server)
    server.add_argument(
        "--state-dir",
        type=Path,
        required=True,
        help="where this runner and the one that replaces it keep what they need",
    )
    server.add_argument(
        "--drain-seconds",
        type=float,
        default=DRAIN_SECONDS,
        help="after SIGUSR1, how long runs and workspaces may take to end",
    )
    server.add_argument("--places", type=int, default=2 * (os.cpu_count() or 1))
    server.add_argument(
        "--warm",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="empty sandboxes that wait for a run (default: one per core; 0: none)",
    )
    server.add_argument(
        "--warm-homes",
        type=int,
        default=16,
        metavar="N",
        help="workspaces used last in which one more waits (default 16; 0: none)",
    )


def _requires_hard_limits() -> bool:
    """As in the settings of the web side: yes, except in development."""
    value = os.environ.get("SANDBOX_REQUIRE_HARD_LIMITS", "").strip().lower()
    if not value:
        return os.environ.get("INTERVIEWLM_ENV", "") != "development"
    return value not in _FALSE


def _serve(options: argparse.Namespace) -> int:
    warm = WarmLimits(max(options.warm, 0), max(options.warm_homes, 0))
    serving = Serving(
        settings=_settings(options, options.state_dir.resolve(), warm),
        doors=read_doors(options, os.environ),
        places=max(options.places, 1),
        drain_seconds=options.drain_seconds,
    )
    asyncio.run(serve(serving))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="sandbox-doctor-") as directory:
        settings = _settings(options, Path(directory))
        report = asyncio.run(_examine(settings))
    if options.json:
        sys.stdout.write(json.dumps(report.to_json(), indent=2) + "\n")
    else:
        _print_report(report)
    return 0 if report.is_ok else 1


async def _examine(settings: Settings) -> Report:
    sweep(settings.state_dir / "runs")
    doctor = Doctor(settings, Host(), find_hierarchies())
    try:
        return await doctor.examine()
    finally:
        await doctor.close()


def _print_report(report: Report) -> None:
    for check in report.checks:
        text = "ok" if check.is_ok else f"failed: {check.detail}. {check.mend}"
        sys.stdout.write(f"{check.name}: {text}\n")
    for name, level in report.levels.to_json().items():
        sys.stdout.write(f"limit on {name}: {level}\n")
    for language in report.languages:
        found = language.version or f"missing: it needs {language.needs}"
        if language.linter:
            found += f"; marks mistakes with {language.linter}"
        sys.stdout.write(f"language {language.label}: {found}\n")


def _settings(
    options: argparse.Namespace, state_dir: Path, warm: WarmLimits = NOTHING_WARM
) -> Settings:
    return Settings(
        state_dir=state_dir,
        toolchain=options.toolchain,
        require_hard_limits=options.require_hard_limits,
        warm=warm,
    )
