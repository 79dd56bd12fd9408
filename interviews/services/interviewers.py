"""Members who watch: asked to by a colleague, noted once they do."""

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import role_in
from accounts.models import User
from accounts.permissions import is_allowed
from accounts.services.audit import record_audit
from accounts.services.mail import queue_mail
from interviews.access import Watcher
from interviews.enums import InterviewState, Origin
from interviews.errors import InterviewError, WrongStateError
from interviews.models import Interview, Interviewer
from interviews.notifications import announce_access
from interviews.services.lifecycle import OPEN_STATES, lock_interview
from interviews.timeline.kinds import InterviewerJoined
from interviews.timeline.log import append_event, find_event


class CannotWatchError(InterviewError):
    """Somebody was asked whose role does not let them see interviews."""

    code = "cannot_watch"
    status = 403

    def __init__(self, user: User) -> None:
        super().__init__(
            _("%(name)s cannot watch interviews in their role.") % {"name": user}
        )


def watch_url(interview: Interview) -> str:
    """Return the absolute address of the watch page."""
    path = reverse("interviews:interview-watch", args=[interview.pk])
    return f"{settings.PUBLIC_URL}{path}"


@transaction.atomic
def ask_to_watch(
    interview: Interview, users: Iterable[User], *, actor: User
) -> list[Interviewer]:
    """Ask members to watch, mail them the link, and return those newly asked.

    Whoever was asked before gets no second mail. Raises WrongStateError once the
    interview is over, CannotWatchError for somebody without the right to watch.
    """
    interview = lock_interview(interview.pk)
    if interview.state not in OPEN_STATES:
        raise WrongStateError(_("This interview is over."))
    return [
        made for user in users if (made := _ask_one(interview, user, actor)) is not None
    ]


def _ask_one(interview: Interview, user: User, actor: User) -> Interviewer | None:
    role = role_in(user, interview.organisation)
    if role is None or not is_allowed(role, "watch", "interview"):
        raise CannotWatchError(user)
    made, is_new = Interviewer.objects.get_or_create(
        interview=interview, user=user, defaults={"invited_by": actor}
    )
    if not is_new:
        return None
    queue_mail(
        interview.organisation,
        to=user.email,
        template="watch",
        context={
            "user": user,
            "actor": actor,
            "candidate": interview.candidate,
            "assessment": interview.assessment_version,
            "is_running": interview.state == InterviewState.ACTIVE,
            "expires_at": interview.invitation.expires_at,
            "url": watch_url(interview),
        },
    )
    record_audit(
        actor,
        interview.organisation,
        "interviewer.asked",
        interview,
        {"user": user.pk},
    )
    return made


@transaction.atomic
def dismiss_interviewer(interviewer: Interviewer, *, actor: User) -> None:
    """Take the asking back; who watches only by it is shown out at once."""
    interview = interviewer.interview
    record_audit(
        actor,
        interview.organisation,
        "interviewer.dismissed",
        interview,
        {"user": interviewer.user_id},
    )
    interviewer.delete()
    announce_access(interview)


def note_watching(watcher: Watcher) -> None:
    """Write on the timeline that somebody watches, once for each; only while it runs."""
    client_id = f"watch:{watcher.user.pk}"
    if find_event(watcher.interview, client_id):
        return
    with transaction.atomic():
        interview = lock_interview(watcher.interview.pk)
        is_running = interview.state == InterviewState.ACTIVE
        if not is_running or find_event(interview, client_id):
            return
        append_event(
            interview,
            InterviewerJoined(actor=watcher.user.pk, name=watcher.shown_name),
            origin=Origin.INTERVIEWER,
            client_id=client_id,
        )
