"""The product's settings with what tests need; servers only where TEST_* name them."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_root = Path(tempfile.mkdtemp(prefix="interviewlm-tests-"))
_owner = os.getpid()


@atexit.register
def _clean_up() -> None:
    """Leave nothing behind; a forked child leaves it to its parent."""
    if os.getpid() == _owner:
        shutil.rmtree(_root, ignore_errors=True)


(_root / "static").mkdir()
for _name in [name for name in os.environ if name.startswith(("ANTHROPIC_", "MEDIA_"))]:
    del os.environ[_name]
# Each worker clears its cache before a test, so each has a Redis database of its own.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
_redis = os.environ.get("TEST_REDIS_URL", "")
os.environ |= {
    "INTERVIEWLM_ENV": "development",
    "DEBUG": "no",
    "SECRET_KEY": "tests-only-secret-key-of-no-value-whatsoever",
    "PUBLIC_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "VAR_DIR": str(_root),
    "DATABASE_URL": os.environ.get(
        "TEST_DATABASE_URL", f"sqlite:///{_root}/db.sqlite3"
    ),
    "REDIS_URL": _redis and f"{_redis.rsplit('/', 1)[0]}/{_worker}",
    "CELERY_BROKER_URL": "memory://",
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    "METRICS_TOKEN": "",
    "LOG_LEVEL": "INFO",
}

from interviewlm.settings import *  # noqa: E402, F403 -- after the environment is set
from interviewlm.settings import DATABASES, STORAGES  # noqa: E402 -- the same

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(_root / "test.sqlite3")}
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
