"""`make test`: every part once, one verdict, and what was left out."""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from interviewlm.cluster import servers
from tools.bootstrap import system
from tools.bootstrap.console import SetupError, duration, refuse, say
from tools.bootstrap.frontend import find_node, node_env
from tools.bootstrap.paths import ROOT
from tools.failures import read_failures

TESTS_FAILED = 1
NO_TESTS_COLLECTED = 5
# These touch neither database nor Redis, or bring servers of their own: once is enough.
WITHOUT_SERVERS = (
    "assistant/simulator",
    "base",
    "cluster",
    "ops",
    "recordings/media",
    "runner",
)
# Whole pages: the other databases see their queries in the tests of each service, and
# these pages themselves in the long run.
PAGES = ("interviewlm/review", "interviews/admin", "sample", "tenancy")


@dataclass(slots=True)
class Verdict:
    """What failed and what could not run; `tests` tells the parts' failures apart.

    What is `unsteady` failed first and passed when it was run again.
    """

    failed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    unsteady: list[str] = field(default_factory=list)


def main(arguments: Sequence[str]) -> int:
    """Run the tests; return the exit code."""
    parser = argparse.ArgumentParser(prog="testrun", description=__doc__)
    parser.add_argument("--long", action="store_true", help="the long tests instead")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    verdict, begun = Verdict(), time.monotonic()
    _forget_coverage()
    try:
        run_parts(verdict, is_long=options.long)
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130
    except SetupError as error:
        refuse(error)
        return 1
    if not options.long:
        measure_coverage(verdict)
    return conclude(verdict, time.monotonic() - begun, is_ci=is_ci())


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def is_ci() -> bool:
    """Return whether a part that is left out is a failure."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def run_parts(verdict: Verdict, *, is_long: bool) -> None:
    """Run the parts this machine can run; note the others."""
    missing = {package.name for package in system.missing(system.FOR_TESTS)}
    which = "long" if is_long else "not long"
    if "bubblewrap" in missing:
        verdict.left_out.append("running code in the sandbox (bubblewrap is missing)")
    sqlite = f"{which} and not browser and not servers"
    part(verdict, "On SQLite", sqlite, workers=2, is_measured=not is_long)
    if "chromium" in missing:
        verdict.left_out.append("the browser tests (Chromium is missing)")
    else:
        # They mostly wait: for pages, for recordings, for processes that start.
        browser = f"{which} and browser"
        part(verdict, "In the browser", browser, workers=2)
    if missing & {"postgresql", "redis-server"}:
        verdict.left_out.append("PostgreSQL and Redis (not installed)")
    else:
        with both_servers() as env:
            others = () if is_long else (*PAGES, "e2e")
            part(
                verdict,
                "On PostgreSQL and Redis",
                f"{which} and not browser",
                workers=2,
                env=env,
                left_out=(*WITHOUT_SERVERS, *others),
            )
            if is_long:
                part(
                    verdict,
                    "Pages on PostgreSQL and Redis",
                    "not long and not browser",
                    workers=2,
                    env=env,
                    paths=PAGES,
                )
    if not is_long:
        javascript(verdict)


@contextlib.contextmanager
def both_servers() -> Iterator[dict[str, str]]:
    """Yield the variables that point the tests at PostgreSQL and Redis."""
    with (
        servers.postgres(*servers.FOR_TESTS) as database,
        servers.redis_server() as redis,
    ):
        yield {"TEST_DATABASE_URL": database, "TEST_REDIS_URL": redis}


def part(
    verdict: Verdict,
    title: str,
    expression: str,
    *,
    workers: int = 0,
    env: Mapping[str, str] | None = None,
    is_measured: bool = False,
    left_out: Sequence[str] = (),
    paths: Sequence[str] = (),
) -> None:
    """Run pytest on what the marker expression selects, but for some folders.

    `paths` are the folders of `tests` to run, all of them by default.

    `is_measured` notes which lines ran, which costs about a fifth of the time.
    What failed is run once more, one at a time: what passes then is unsteady, not
    broken, and the end of the run says so.
    """
    say(f"\n== {title}")
    argv = [sys.executable, "-m", "pytest", "--ds=tests.settings"]
    argv += ["-q", "-m", expression, "-rfEs", "--durations=8", "--durations-min=3"]
    if is_measured:
        argv += ["--cov", "--cov-report=", "--cov-fail-under=0"]
    argv += [f"--ignore=tests/{folder}" for folder in left_out]
    argv += [f"tests/{folder}" for folder in paths]
    name = title.lower().replace(" ", "-")
    at_once = ["-n", str(workers), "--dist", "loadgroup"] if workers else []
    code, failures = _pytest([*argv, *at_once], name, env)
    if code == TESTS_FAILED:
        say("\n-- What failed, once more and one at a time")
        last = ["--last-failed", "--last-failed-no-failures=none"]
        code, remaining = _pytest([*argv, *last], f"{name}-again", env)
        verdict.unsteady += _without(failures, remaining)
        failures = remaining
    if code not in {0, NO_TESTS_COLLECTED}:
        verdict.failed.append(title)
        verdict.tests += failures


def _without(lines: Sequence[str], remaining: Sequence[str]) -> list[str]:
    names = {line.split(": ")[0] for line in remaining}
    return [line for line in lines if line.split(": ")[0] not in names]


def _pytest(
    argv: Sequence[str], name: str, env: Mapping[str, str] | None
) -> tuple[int, list[str]]:
    """Run pytest; return its exit code and a line per test that failed."""
    report = ROOT / ".pytest_cache" / f"{name}.xml"
    report.unlink(missing_ok=True)
    own = {"COVERAGE_FILE": str(ROOT / f".coverage.{name}"), **(env or {})}
    code = subprocess.run(  # noqa: S603 -- our own command line
        [*argv, f"--junit-xml={report}"], cwd=ROOT, env=os.environ | own, check=False
    ).returncode
    return code, read_failures(report)


def javascript(verdict: Verdict) -> None:
    """Run the tests of the pure browser modules."""
    say("\n== JavaScript")
    node, files = find_node(), sorted((ROOT / "tests" / "js").rglob("*.test.js"))
    if node is None:
        verdict.left_out.append("the JavaScript tests (Node is missing)")
        return
    argv = [node.program, "--test", "--test-reporter=dot", *map(str, files)]
    code = subprocess.run(  # noqa: S603 -- our own command line
        argv, cwd=ROOT, env=os.environ | node_env(node), check=False
    ).returncode
    if code != 0:
        verdict.failed.append("JavaScript")


def measure_coverage(verdict: Verdict) -> None:
    """Add the parts' coverage up; hold the gate only if every part ran."""
    say("\n== Coverage")
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "combine", "--quiet"], cwd=ROOT, check=False)  # noqa: S603 -- our own command line
    gate = ["--fail-under=0"] if verdict.left_out or verdict.failed else []
    code = subprocess.run(  # noqa: S603 -- our own command line
        [*coverage, "report", *gate], cwd=ROOT, check=False
    ).returncode
    if code != 0:
        verdict.failed.append("Coverage")


def _forget_coverage() -> None:
    for path in ROOT.glob(".coverage*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def conclude(verdict: Verdict, seconds: float, *, is_ci: bool) -> int:
    """Print the end of the run and return its exit code."""
    say("")
    if verdict.left_out:
        say("Left out on this machine:")
        for what in verdict.left_out:
            say(f"  - {what}")
        names = [package.name for package in system.missing(system.FOR_TESTS)]
        if names:
            say(f"  To add them: {system.install_line(names)}")
    if verdict.unsteady:
        say("Unsteady: these failed and passed when they were run again:")
        for test in verdict.unsteady:
            say(f"  - {test}")
    if verdict.failed:
        for test in verdict.tests:
            say(f"  - {test}")
        say(f"Failed: {', '.join(verdict.failed)}. It took {duration(seconds)}.")
        return 1
    if verdict.left_out and is_ci:
        say("Failed: with CI set, a part that is left out counts as failed.")
        return 1
    say(f"All that ran passed. It took {duration(seconds)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
