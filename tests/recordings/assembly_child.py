"""Run as a program: a worker that does one pipeline step on the test's database."""

import os
import sys
from pathlib import Path

import django


def main(step_id: int, database: str, media: Path) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.conf import settings  # noqa: PLC0415 -- after the set-up

    settings.DATABASES["default"]["NAME"] = database
    settings.MEDIA_ROOT = media
    settings.VAR_DIR = media.parent
    from interviews.pipeline import run_step  # noqa: PLC0415 -- after the set-up

    run_step(step_id)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
