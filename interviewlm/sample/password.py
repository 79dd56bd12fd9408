"""The password of the sample's people: made once, kept beside the data."""

import os
import secrets

from django.conf import settings

_NAME = "sample-password"


def sample_password() -> str:
    """Return the password, making it on the first call; only this user may read it."""
    path = settings.VAR_DIR / _NAME
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(9))
    return str(path.read_text(encoding="utf-8"))
