"""Looking at a chunk that went into the bucket past us: is it what was announced?"""

import hashlib

from recordings.errors import HashMismatchError, WrongSizeError
from recordings.media.tracks import StreamHeader
from recordings.models import UploadTicket
from recordings.services.arrivals import FRONT, find_header
from recordings.storage import MediaStore

_BLOCK = 1024 * 1024


def examine(store: MediaStore, ticket: UploadTicket) -> StreamHeader | None:
    """Check size and hash, and return what chunk 0 begins with.

    The store's own word is taken for the hash; one that kept none is read back. Of
    chunk 0 only the front is read. Raises FileNotFoundError, OSError, WrongSizeError,
    HashMismatchError and FormatUnsupportedError.
    """
    found = store.stat(ticket.key)
    if found.size != ticket.size:
        raise WrongSizeError
    if (found.sha256 or _read_hash(store, ticket.key)) != ticket.sha256:
        raise HashMismatchError
    if ticket.index != 0:
        return None
    with store.open(ticket.key) as stored:
        return find_header(0, stored.read(FRONT))


def _read_hash(store: MediaStore, key: str) -> str:
    digest = hashlib.sha256()
    with store.open(key) as stored:
        while block := stored.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
