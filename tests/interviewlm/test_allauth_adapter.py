"""Mail of the account pages goes through the outbox, in whoever's words."""

import pytest
from allauth.account.adapter import get_adapter
from pytest_django import Settings

from accounts.models import Outbox


def send(name: str) -> Outbox:
    get_adapter().send_mail(
        f"account/email/{name}",
        "ada@example.com",
        {"ip": "10.0.0.1", "user_agent": "x", "timestamp": "now", "user": None},
    )
    return Outbox.objects.get()


def test_mail_without_our_wording_keeps_theirs(db: None) -> None:
    row = send("password_changed")
    assert row.subject == "Password Changed"
    assert "Hello from InterviewLM" in row.text
    assert "testserver" in row.text
    assert row.organisation is None


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("unknown_account", "No account with this address"),
        ("account_already_exists", "You have an account already"),
        ("password_reset_key", "Choose a new password"),
        ("email_confirmation", "Confirm your e-mail address"),
        ("email_confirmation_signup", "Confirm your e-mail address"),
    ],
)
def test_mail_with_our_wording(db: None, name: str, subject: str) -> None:
    row = send(name)
    assert row.subject == subject
    assert row.text.endswith("Sent by InterviewLM at http://testserver\n")
    assert "<p" in row.html


@pytest.mark.parametrize("is_open", [True, False])
def test_sign_up_follows_the_setting(settings: Settings, is_open: bool) -> None:
    settings.SIGNUP_OPEN = is_open
    assert get_adapter().is_open_for_signup(None) is is_open
