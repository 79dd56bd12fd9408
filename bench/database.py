"""An embedded database of its own, in a temporary folder."""

import os
import tempfile
from functools import cache

import django
from django.core.management import call_command


@cache
def set_up() -> None:
    """Prepare Django on a fresh SQLite file; once per process."""
    folder = tempfile.mkdtemp(prefix="interviewlm-bench-")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "interviewlm.settings",
        "INTERVIEWLM_ENV": "development",
        "SECRET_KEY": "bench",
        "PUBLIC_URL": "http://127.0.0.1",
        "VAR_DIR": folder,
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "CELERY_BROKER_URL": "memory://",
        "LOG_LEVEL": "ERROR",
    }
    django.setup()
    call_command("migrate", verbosity=0)
