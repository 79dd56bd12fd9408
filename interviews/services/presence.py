"""Who is here: when the candidate was last seen, and which window writes."""

from dataclasses import astuple, dataclass
from datetime import timedelta
from uuid import UUID

from django.core.cache import cache
from django.db.models import Q

from base.clock import now
from interviews.enums import InterviewState, Origin
from interviews.models import Interview
from interviews.timeline.log import append_event
from interviews.timeline.presence_kinds import WritingMoved

SEEN_EVERY = timedelta(seconds=15)
# A page that writes and says nothing for so long, though it was asked, is gone.
SILENT_SECONDS = 12.0
# A tab that is loaded anew is away for a moment, and finds the writing kept for it.
RETURN_SECONDS = 6.0
# More changes of the window than that say nothing new.
MOST_MOVES = 200
_WRITER_SECONDS = 24 * 3600
_HERE, _LEFT = "here", "left"


def note_seen(interview_id: UUID) -> None:
    """Write down that the candidate is here, at most every fifteen seconds."""
    at = now()
    is_due = Q(last_seen_at__isnull=True) | Q(last_seen_at__lte=at - SEEN_EVERY)
    Interview.objects.filter(is_due, pk=interview_id).update(last_seen_at=at)


@dataclass(frozen=True)
class WritingWindow:
    """A window of the candidate: its socket's token, and what its page says of itself.

    `tab` stays the same when a tab is loaded anew, `browser` in all tabs of a browser.
    Both are claims, and empty where the page cannot tell.
    """

    token: str
    tab: str = ""
    browser: str = ""

    def place_of(self, other: "WritingWindow") -> str:
        """Say where the other window is, seen from here: tab, device, or not known."""
        if not (self.browser and other.browser):
            return ""
        return "tab" if self.browser == other.browser else "device"

    def is_same(self, other: "WritingWindow") -> bool:
        """Whether it is this very window, or what it was before it was loaded anew."""
        return self.token == other.token or bool(self.tab and self.tab == other.tab)


def _writer_key(interview_id: UUID) -> str:
    return f"workspace-writer:{interview_id}"


def _sign_key(interview_id: UUID) -> str:
    return f"workspace-writer-sign:{interview_id}"


def find_writing_window(interview_id: UUID) -> WritingWindow | None:
    """Return the window that writes, or did last; None where there is none."""
    stored = cache.get(_writer_key(interview_id))
    return None if stored is None else WritingWindow(*stored)


def has_left(interview_id: UUID) -> bool:
    """Say whether the window that writes has just closed, or says nothing any more."""
    return bool(cache.get(_sign_key(interview_id)) != _HERE)


def is_writing_free(interview_id: UUID) -> bool:
    """Say whether nobody writes, or is gone for longer than it takes to come back."""
    is_silent = cache.get(_sign_key(interview_id)) is None
    return is_silent or find_writing_window(interview_id) is None


def claim_writing(interview_id: UUID, window: WritingWindow) -> bool:
    """Let a window that comes write if nobody has to be asked; return whether it does.

    It may where the writing is free, and where it is the tab that wrote before.
    """
    holder = find_writing_window(interview_id)
    is_back = holder is not None and holder.is_same(window)
    if not (is_back or is_writing_free(interview_id)):
        return False
    if not cache.add(_writer_key(interview_id), astuple(window), _WRITER_SECONDS):
        take_writing(interview_id, window)
    # Two may come at once: the one that was stored writes.
    holder = find_writing_window(interview_id)
    if holder is None or holder.token != window.token:
        return False
    cache.set(_sign_key(interview_id), _HERE, SILENT_SECONDS)
    return True


def take_writing(interview_id: UUID, window: WritingWindow) -> None:
    """Make this window the one that writes, whoever did before."""
    cache.set(_writer_key(interview_id), astuple(window), _WRITER_SECONDS)
    cache.set(_sign_key(interview_id), _HERE, SILENT_SECONDS)


def keep_writing(interview_id: UUID, window: WritingWindow) -> bool:
    """Note that the page of the writing window is there; False where another writes.

    A lost entry is put back.
    """
    cache.add(_writer_key(interview_id), astuple(window), _WRITER_SECONDS)
    if not has_writing(interview_id, window.token):
        return False
    cache.set(_sign_key(interview_id), _HERE, SILENT_SECONDS)
    return True


def has_writing(interview_id: UUID, token: str) -> bool:
    """Say whether no other window has taken the writing.

    A lost entry takes nothing from a window that believes it writes.
    """
    holder = find_writing_window(interview_id)
    return holder is None or holder.token == token


def is_tab_writing(interview_id: UUID, tab: str) -> bool:
    """Say whether the tab of this name writes, or nobody does.

    For requests beside the socket, whose token changes with each connection.
    """
    holder = find_writing_window(interview_id)
    return holder is None or holder.tab == tab


def drop_writing(interview_id: UUID, window: WritingWindow) -> bool:
    """A window's socket is closed: keep the writing for its tab for a moment.

    Returns whether nobody has it any more: a window that cannot come back keeps none.
    """
    holder = find_writing_window(interview_id)
    if holder is None or holder.token != window.token:
        return False
    if window.tab:
        cache.set(_sign_key(interview_id), _LEFT, RETURN_SECONDS)
        return False
    cache.delete_many([_writer_key(interview_id), _sign_key(interview_id)])
    return True


def note_move(interview_id: UUID, *, is_asked: bool, place: str) -> None:
    """Write down that the candidate goes on in another window of a running interview.

    `place` is where it went on until now, seen from the new one.
    """
    interview = Interview.objects.get(pk=interview_id)
    moves = interview.events.filter(kind=WritingMoved.kind)
    if interview.state != InterviewState.ACTIVE or moves.count() >= MOST_MOVES:
        return
    append_event(
        interview,
        WritingMoved(is_asked=is_asked, place=place),
        origin=Origin.CANDIDATE,
    )
