"""Mail: written in the transaction, sent once, tried again, given up."""

from datetime import timedelta
from smtplib import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from typing import Any, ClassVar

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django import Settings

from accounts.enums import OutboxState
from accounts.models import Outbox
from accounts.services.mail import queue_mail, render_mail
from accounts.services.outbox import (
    LAST_DELAY,
    MAX_ATTEMPTS,
    next_delay,
    retry_mail,
    send_due_mail,
)
from accounts.tasks import send_outbox
from base.clock import now
from tests.factories.accounts import OrganisationFactory, OutboxFactory


class FailingBackend(BaseEmailBackend):
    """A mail server that answers with `error`."""

    error: ClassVar[Exception] = SMTPServerDisconnected("gone")

    def send_messages(self, email_messages: Any) -> int:
        """Fail."""
        raise self.error


@pytest.fixture
def failing(settings: Settings) -> type[FailingBackend]:
    settings.EMAIL_BACKEND = f"{__name__}.FailingBackend"
    FailingBackend.error = SMTPServerDisconnected("gone")
    return FailingBackend


def test_send_due_mail_once(db: None) -> None:
    row = OutboxFactory.create(html="<p>Hello</p>", organisation__slug="acme")
    send_outbox()
    assert send_due_mail() == 0
    row.refresh_from_db()
    assert (row.state, row.attempts) == (OutboxState.SENT, 1)
    [sent] = mail.outbox
    assert sent.to == [row.to]
    assert sent.extra_headers == {
        "Message-ID": f"<{row.pk}@testserver>",
        "Reply-To": "hiring@acme.example",
    }
    assert sent.alternatives[0][0] == "<p>Hello</p>"  # type: ignore[attr-defined]


def test_send_due_mail_forgets_what_opens_an_account(db: None) -> None:
    row = OutboxFactory.create(organisation=None, text="secret link")
    send_due_mail()
    row.refresh_from_db()
    assert (row.state, row.text) == (OutboxState.SENT, "")
    assert mail.outbox[0].body == "secret link"


def test_send_due_mail_claimed_by_another_worker(db: None) -> None:
    OutboxFactory.create(attempts=1, next_try_at=now() + timedelta(seconds=30))
    assert send_due_mail() == 0
    assert mail.outbox == []


def test_send_due_mail_server_gone_tries_again(
    db: None, failing: type[FailingBackend], settings: Settings
) -> None:
    row = OutboxFactory.create()
    assert send_due_mail() == 0
    row.refresh_from_db()
    assert (row.state, row.attempts) == (OutboxState.WAITING, 1)
    assert row.last_error == "SMTPServerDisconnected"
    assert row.next_try_at > now() + timedelta(seconds=50)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with time_machine.travel(row.next_try_at, tick=False):
        assert send_due_mail() == 1
    row.refresh_from_db()
    assert (row.state, row.last_error) == (OutboxState.SENT, "")


def test_send_due_mail_gives_up(db: None, failing: type[FailingBackend]) -> None:
    row = OutboxFactory.create()
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(MAX_ATTEMPTS):
            send_due_mail()
            clock.shift(LAST_DELAY)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (OutboxState.FAILED, MAX_ATTEMPTS)


REFUSALS = {
    "no such user": (
        SMTPRecipientsRefused({"reader@example.com": (550, b"no such user")}),
        (OutboxState.FAILED, "SMTPRecipientsRefused 550"),
    ),
    "content refused": (
        SMTPDataError(554, b"spam"),
        (OutboxState.FAILED, "SMTPDataError 554"),
    ),
    "mailbox busy": (
        SMTPRecipientsRefused({"reader@example.com": (450, b"later")}),
        (OutboxState.WAITING, "SMTPRecipientsRefused 450"),
    ),
    "our password wrong": (
        SMTPAuthenticationError(535, b"bad credentials"),
        (OutboxState.WAITING, "SMTPAuthenticationError 535"),
    ),
    "our address refused": (
        SMTPSenderRefused(550, b"not yours", "noreply@localhost"),
        (OutboxState.WAITING, "SMTPSenderRefused 550"),
    ),
}


@pytest.mark.parametrize(("error", "expected"), REFUSALS.values(), ids=REFUSALS)
def test_send_due_mail_gives_up_at_once_only_on_the_mail_itself(
    db: None,
    failing: type[FailingBackend],
    error: SMTPException,
    expected: tuple[str, str],
) -> None:
    failing.error = error
    row = OutboxFactory.create()
    send_due_mail()
    row.refresh_from_db()
    assert (row.state, row.last_error) == expected


def test_send_due_mail_last_attempt_never_came_back(db: None) -> None:
    row = OutboxFactory.create(attempts=MAX_ATTEMPTS)
    send_due_mail()
    row.refresh_from_db()
    assert row.state == OutboxState.FAILED
    assert retry_mail(row)
    assert not retry_mail(row)
    assert send_due_mail() == 1


def test_next_delay_grows_to_a_limit() -> None:
    minutes = [next_delay(n) // timedelta(minutes=1) for n in range(1, 11)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]


def test_queue_mail_is_part_of_the_transaction(
    db: None, django_capture_on_commit_callbacks: Any
) -> None:
    organisation = OrganisationFactory.create(name="A & B", slug="ab")
    with django_capture_on_commit_callbacks() as callbacks:
        row = queue_mail(
            organisation,
            "new@example.com",
            "member_added",
            {"role": "Owner", "has_password": True, "url": "http://testserver/admin/"},
        )
    assert len(callbacks) == 1
    assert Outbox.objects.get() == row
    assert row.subject == "You are a member of A & B now"
    assert "<script" not in row.html
    assert "You can now work for A &amp; B in" in row.html
    assert "You can now work for A & B in" in row.text
    assert '<a href="http://testserver/admin/"' in row.html


def test_render_mail_hostile_name() -> None:
    rendered = render_mail(
        "account_unknown_account", {"email": "<b>\nBcc: x@example.com"}
    )
    assert "<b>" not in rendered.html
    assert "\n" not in rendered.subject
