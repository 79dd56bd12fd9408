"""Identifiers."""

import secrets
import uuid


def new_uuid() -> uuid.UUID:
    """Return a random identifier that gives nothing away."""
    return uuid.uuid4()


def new_token() -> str:
    """Return a random token for a lease or a request, 22 characters."""
    return secrets.token_urlsafe(16)
