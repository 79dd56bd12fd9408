"""What the beat starts, and how often in seconds; for settings.py."""

from datetime import timedelta
from typing import Any

_SECONDS = {
    "accounts.send_outbox": 60,
    "assistant.forget_requests": 3600,
    "assistant.sweep_pictures": 3600,
    "assistant.sweep_turns": 30,
    "billing.sweep": 60,
    "interviews.close_workspaces": 60,
    "interviews.end_overdue": 15,
    "interviews.sweep_runs": 60,
    "interviews.sweep_steps": 60,
    "recordings.expire_media": 3600,
    "recordings.meter_storage": 3600,
    "recordings.sweep_store": 24 * 3600,
    "recordings.sweep_uploads": 60,
}
BEAT: dict[str, dict[str, Any]] = {
    name: {"task": name, "schedule": timedelta(seconds=seconds)}
    for name, seconds in _SECONDS.items()
}
