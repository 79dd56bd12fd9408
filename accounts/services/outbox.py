"""Sending what waits in the outbox: claimed row by row, tried again, given up."""

import logging
from datetime import timedelta
from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.enums import OutboxState
from accounts.models import Outbox
from base.clock import now

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
FIRST_DELAY = timedelta(minutes=1)
LAST_DELAY = timedelta(hours=4)
_PERMANENT = range(500, 600)


def send_due_mail(limit: int = 100) -> int:
    """Send the mail that is due, oldest first, and return how many went out.

    Safe to run in several workers: a row is claimed by a guarded update that also
    sets its next try, so a killed worker's row comes up again. A mail whose worker
    died between sending and noting it goes out twice with the same Message-ID.
    """
    _give_up_on_unfinished()
    due = list(
        Outbox.objects.filter(
            state=OutboxState.WAITING,
            next_try_at__lte=now(),
            attempts__lt=MAX_ATTEMPTS,
        )
        .order_by("next_try_at")
        .values_list("pk", "attempts")[:limit]
    )
    connection = get_connection()
    return sum(
        _send(pk, attempts + 1, connection)
        for pk, attempts in due
        if _claim(pk, attempts)
    )


def retry_mail(mail: Outbox) -> bool:
    """Let a failed mail start again; False when it did not fail."""
    return bool(
        Outbox.objects.filter(pk=mail.pk, state=OutboxState.FAILED).update(
            state=OutboxState.WAITING, attempts=0, next_try_at=now(), last_error=""
        )
    )


def next_delay(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts."""
    return min(FIRST_DELAY * (1 << (attempts - 1)), LAST_DELAY)


def _claim(pk: UUID, attempts: int) -> bool:
    return bool(
        Outbox.objects.filter(
            pk=pk, state=OutboxState.WAITING, attempts=attempts
        ).update(
            attempts=F("attempts") + 1, next_try_at=now() + next_delay(attempts + 1)
        )
    )


def _send(pk: UUID, attempt: int, connection: BaseEmailBackend) -> bool:
    mail = Outbox.objects.get(pk=pk)
    try:
        _message(mail, connection).send()
    except (OSError, SMTPException, ValueError) as error:
        _note_failure(mail, attempt, error)
        return False
    sent: dict[str, object] = {
        "state": OutboxState.SENT,
        "sent_at": now(),
        "last_error": "",
    }
    if mail.organisation_id is None:
        # An account's mail holds a link that opens it; it is not kept.
        sent |= {"text": "", "html": ""}
    Outbox.objects.filter(pk=pk).update(**sent)
    logger.info("Mail %s sent at attempt %s", pk, attempt)
    return True


def _message(mail: Outbox, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    domain = settings.PUBLIC_URL.split("//")[-1].split(":")[0]
    headers = {"Message-ID": f"<{mail.pk}@{domain}>"}
    if mail.organisation is not None:
        headers["Reply-To"] = mail.organisation.contact_email
    message = EmailMultiAlternatives(
        mail.subject, mail.text, to=[mail.to], connection=connection, headers=headers
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def _note_failure(mail: Outbox, attempt: int, error: Exception) -> None:
    code = _smtp_code(error)
    is_final = attempt >= MAX_ATTEMPTS or _is_about_this_mail(error, code)
    reason = f"{type(error).__name__} {code or ''}".strip()
    Outbox.objects.filter(pk=mail.pk, state=OutboxState.WAITING).update(
        state=OutboxState.FAILED if is_final else OutboxState.WAITING,
        last_error=reason,
    )
    logger.warning("Mail %s failed at attempt %s: %s", mail.pk, attempt, reason)


def _is_about_this_mail(error: Exception, code: int | None) -> bool:
    """Whether no later try can help.

    Other permanent answers (a wrong password, a sender that is not allowed) refuse
    every mail until the operator mends them, so the mails wait.
    """
    if isinstance(error, (SMTPRecipientsRefused, SMTPDataError)):
        return code in _PERMANENT
    return isinstance(error, UnicodeError)


def _smtp_code(error: Exception) -> int | None:
    if isinstance(error, SMTPResponseException):
        return error.smtp_code
    if isinstance(error, SMTPRecipientsRefused):
        return next((code for code, _text in error.recipients.values()), None)
    return None


def _give_up_on_unfinished() -> None:
    """Fail rows whose last attempt never came back (its worker was killed)."""
    Outbox.objects.filter(
        state=OutboxState.WAITING, attempts__gte=MAX_ATTEMPTS, next_try_at__lte=now()
    ).update(
        state=OutboxState.FAILED,
        last_error=_("The last attempt did not come back."),
    )
