"""Contents of pictures without a picture: noted before they are there, taken away after."""

import logging
from datetime import timedelta

from django.core.files.storage import default_storage

from assistant.models import Attachment, LooseContent
from base.clock import now
from base.commits import after_commit

logger = logging.getLogger(__name__)

# Nobody is still sending or keeping a picture after so long.
LOOSE_FOR = timedelta(hours=1)
AT_ONCE = 500


def note_content(name: str) -> None:
    """Write down that a content is about to be stored under a name."""
    LooseContent.objects.create(content=name)


def adopt_content(name: str) -> None:
    """A picture stands for it from now on; joins the caller's transaction."""
    LooseContent.objects.filter(content=name).delete()


def forget_content(name: str) -> None:
    """Take a content away once the caller's transaction is stored.

    Where the storage refuses, the sweep tries again.
    """
    loose = LooseContent.objects.create(content=name)
    after_commit(_remove, loose)


def sweep_contents() -> int:
    """Take away what has been loose for an hour; return how much was.

    What the storage refuses stays for the next time.
    """
    old = LooseContent.objects.filter(created_at__lt=now() - LOOSE_FOR)
    return sum(_try_to_remove(loose) for loose in old[:AT_ONCE])


def _try_to_remove(loose: LooseContent) -> bool:
    try:
        _remove(loose)
    except OSError:
        logger.exception("A picture's content could not be removed")
        return False
    return True


def _remove(loose: LooseContent) -> None:
    """Delete the content, then its note; one that another picture shares stays."""
    if not Attachment.objects.filter(content=loose.content).exists():
        default_storage.delete(loose.content)
    loose.delete()
