"""Candidate links: an HMAC over the invitation and its generation."""

import uuid

from django.core.signing import BadSignature, Signer

from interviews.errors import InvalidLinkError
from interviews.models import Invitation

_signer = Signer(salt="interviews.invitation", sep="~")


def make_token(invitation: Invitation) -> str:
    """Return the token of the invitation's link in its present generation."""
    return _signer.sign(f"{invitation.pk.hex}.{invitation.generation}")


def read_token(token: str) -> tuple[uuid.UUID, int]:
    """Return (invitation id, generation). Raises InvalidLinkError."""
    try:
        hexadecimal, generation = _signer.unsign(token).split(".")
        return uuid.UUID(hex=hexadecimal), int(generation)
    except (BadSignature, ValueError):
        raise InvalidLinkError from None
