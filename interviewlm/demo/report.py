"""What the demo prints once it runs, or when it does not."""

from pathlib import Path

from django.db import connections
from django.utils.module_loading import import_string

from interviewlm.demo.environment import ROOT, Demo
from interviewlm.demo.readiness import Readiness, Report
from tools.bootstrap.console import say

LINKS = "interviewlm.sample.links.demo_links"


def print_ready(demo: Demo) -> None:
    """Print where to go, how to sign in, and what is simulated or off."""
    readiness = Readiness(demo.url)
    readiness.is_green()
    links: list[tuple[str, str]] = import_string(LINKS)()
    connections.close_all()
    lines = [("Product page", f"{demo.url}/"), *links]
    width = max(len(label) for label, _value in lines)
    say(f"\nInterviewLM is running at {demo.url}\n")
    for label, value in lines:
        say(f"  {label:<{width}}  {value}")
    for line in notices(demo, readiness.report):
        say(line)
    say(f"\nCtrl-C stops everything. {demo.end}")


def notices(demo: Demo, report: Report | None) -> list[str]:
    """Return what is simulated, limited, off or different from a real installation."""
    lines = ["", "To know:"]
    warnings = report.with_status("warning") if report else []
    lines += [f"  - {check.message} {check.mend}".rstrip() for check in warnings]
    mail = demo.var / "mail"
    lines.append(f"  - Mail is not sent: each one is a file in {_short(mail)}.")
    lines.append(f"  - What the processes write is in {_short(demo.logs)}.")
    return lines


def red_lines(report: Report | None, logs: Path) -> str:
    """Return why the demo is not ready, with the mends."""
    failed = report.with_status("failed") if report else []
    lines = [f"{check.name}: {check.message} {check.mend}" for check in failed]
    if not lines:
        lines = ["The web server does not answer."]
    return "\n".join([*lines, f"Details: {logs}"])


def _short(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
