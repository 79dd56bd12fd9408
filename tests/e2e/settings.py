"""The product's own settings for child processes, with sweeps that need no patience."""

from datetime import timedelta

from interviewlm.settings import *  # noqa: F403 -- a settings module
from interviewlm.settings import CELERY_BEAT_SCHEDULE as _SCHEDULE

CELERY_BEAT_SCHEDULE = {
    name: {**entry, "schedule": timedelta(seconds=1)}
    for name, entry in _SCHEDULE.items()
}
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
