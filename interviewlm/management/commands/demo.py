"""`manage.py demo`: what `make demo` runs once everything is set up."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Starts the demo afresh: its environment is not the one this command was given."""

    help = "Run everything on this machine with a sample organisation."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what the demo takes."""
        parser.add_argument("--port", default="8000")
        parser.add_argument("--reset", action="store_true")

    def handle(self, *_args: Any, port: str, reset: bool, **_options: Any) -> None:
        """Become the demo."""
        argv = [sys.executable, "-m", "interviewlm.demo", "--port", port]
        os.execv(sys.executable, [*argv, "--reset"] if reset else argv)  # noqa: S606 -- our own program
