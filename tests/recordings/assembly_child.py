"""Run as a program: workers that are killed in the middle of a pipeline step.

Standard input is JSON: the database, settings to change, and for each worker its step,
the point at which it is killed, and how many times it passes there before. Prints how
each ended, as `os.waitpid` has it.
"""

import json
import os
import signal
import sys
from typing import Any

import django


def main(plan: dict[str, Any]) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.conf import settings  # noqa: PLC0415 -- after the set-up

    settings.DATABASES["default"]["NAME"] = plan["database"]
    for name, value in plan["settings"].items():
        setattr(settings, name, value)
    ends = []
    # One set-up serves them all: each worker is a fork that has opened nothing yet.
    for step_id, point, passes in plan["workers"]:
        worker = os.fork()
        if not worker:
            _work(step_id, point, passes)
        ends.append(os.waitpid(worker, 0)[1])
    sys.stdout.write(json.dumps(ends))


def _work(step_id: int, fatal: str, passes: int) -> None:
    """Do the step; never returns."""
    from interviews.pipeline import run_step  # noqa: PLC0415 -- after the set-up
    from recordings.media.points import Point  # noqa: PLC0415 -- after the set-up
    from recordings.services.watching import watched_by  # noqa: PLC0415 -- the same

    left = passes

    def kill(point: Point) -> None:
        nonlocal left
        if point == fatal:
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    try:
        with watched_by(kill):
            run_step(step_id)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(json.load(sys.stdin))
