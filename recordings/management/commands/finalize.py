"""`manage.py finalize`: put recordings together now, without a worker."""

import json
import signal
from dataclasses import asdict
from types import FrameType
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recordings.media.points import Point
from recordings.services.finalising import (
    Finalised,
    count_chunks,
    finalise,
    list_stuck,
)


class Command(BaseCommand):
    """Assembles the recordings of interviews, one after another.

    Ends with 0 only when each of them is assembled (or has nothing to assemble). A
    SIGTERM is obeyed between two interviews.
    """

    help = "Put the recordings of one, several or all stuck interviews together."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take interviews by id, or all that are stuck."""
        parser.add_argument("interviews", nargs="*", type=UUID, metavar="INTERVIEW")
        parser.add_argument(
            "--stuck",
            action="store_true",
            help="all ended interviews whose assembly failed or stands still",
        )
        parser.add_argument(
            "--force", action="store_true", help="do it anew where it is done"
        )
        parser.add_argument(
            "--json", action="store_true", help="one JSON object per interview"
        )

    def handle(
        self,
        *_args: Any,
        interviews: list[UUID],
        stuck: bool,
        force: bool,
        **options: Any,
    ) -> None:
        """Finalise each; fail where one is not whole."""
        self._is_stopped = False
        self._as_json = options["json"]
        if stuck == bool(interviews):
            raise CommandError("Name interviews, or ask for --stuck.")
        chosen = list(list_stuck()) if stuck else interviews
        before = signal.signal(signal.SIGTERM, self._stop)
        try:
            done = [
                self._finalise(
                    interview_id, force=force, position=(number, len(chosen))
                )
                for number, interview_id in enumerate(chosen, start=1)
                if not self._is_stopped
            ]
        finally:
            signal.signal(signal.SIGTERM, before)
        self._conclude(done, len(chosen))

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopped = True

    def _finalise(
        self, interview_id: UUID, *, force: bool, position: tuple[int, int]
    ) -> Finalised:
        label = f"[{position[0]}/{position[1]}] {interview_id}"
        total, passed = count_chunks(interview_id), 0

        def show(point: Point) -> None:
            nonlocal passed
            if point is Point.CHUNK:
                passed += 1
                text = f"chunk {passed}/{max(total, passed)}"
            else:
                text = point.value
            self.stderr.write(f"\r\033[K{label}: {text}", ending="")
            self.stderr.flush()

        is_shown = self.stderr.isatty()
        outcome = finalise(
            interview_id, force=force, observer=show if is_shown else _ignore
        )
        if is_shown:
            self.stderr.write("\r\033[K", ending="")
        self.stdout.write(self._tell(outcome, label))
        return outcome

    def _tell(self, outcome: Finalised, label: str) -> str:
        if self._as_json:
            told = asdict(outcome) | {"interview_id": str(outcome.interview_id)}
            return json.dumps(told | {"ok": outcome.is_success})
        return f"{label}: {outcome.state}. {outcome.message}"

    def _conclude(self, done: list[Finalised], wanted: int) -> None:
        failed = sum(not each.is_success for each in done)
        missing = wanted - len(done)
        if failed or missing:
            raise CommandError(f"{failed + missing} of {wanted} are not finished.")
        if not self._as_json:
            self.stdout.write(f"{len(done)} finished.")


def _ignore(_point: Point) -> None:
    """Show nothing: the output is no terminal."""
