"""`manage.py doctor`: is everything there, and if not, what is the mend."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from base.readiness import Result, overall_status
from interviewlm.doctor import examine

WIDTH = 14


class Command(BaseCommand):
    """Examines every backing part; the exit code is 1 if one failed."""

    help = "Say which parts work, which are limited, which fail, and the mend."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the answer."""
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_args: Any, as_json: bool, **_options: Any) -> None:
        """Print one line a check."""
        results = examine()
        if as_json:
            self._print_json(results)
        else:
            self._print_lines(results)
        if any(result.status == "failed" for result in results):
            raise CommandError("Something failed: see above.", returncode=1)

    def _print_json(self, results: list[Result]) -> None:
        body = {
            "status": overall_status(results),
            "version": settings.VERSION,
            "checks": [result.as_dict() for result in results],
        }
        self.stdout.write(json.dumps(body, indent=2, ensure_ascii=False))

    def _print_lines(self, results: list[Result]) -> None:
        for result in results:
            text = " ".join(part for part in (result.message, result.mend) if part)
            line = f"{result.status:<8} {result.name:<{WIDTH}} {text}".rstrip()
            self.stdout.write(line)
