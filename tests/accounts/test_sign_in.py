"""Signing in, out, up, and getting back in, as people do it."""

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import Outbox, User
from accounts.services.outbox import send_due_mail
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.people import People

NEW_PASSWORD = "a quite different phrase"


def sign_in(client: Client, email: str, password: str = PASSWORD) -> int:
    return client.post(
        "/accounts/login/", {"login": email, "password": password}
    ).status_code


def link_in_last_mail() -> str:
    send_due_mail()
    found = re.search(r"http://testserver(/\S+)", str(mail.outbox[-1].body))
    assert found
    return found.group(1)


def test_sign_in_leads_where_one_wanted(people: People, client: Client) -> None:
    wanted = "/admin/accounts/membership/"
    answer = client.get(wanted, follow=True)
    assert answer.redirect_chain[-1][0] == f"/accounts/login/?next={wanted}"
    answer = client.post(
        f"/accounts/login/?next={wanted}",
        {"login": people.owner.email.upper(), "password": PASSWORD},
    )
    assert answer["Location"] == wanted


def test_sign_in_foreign_next_is_dropped(people: People, client: Client) -> None:
    client.force_login(people.owner)
    answer = client.get("/admin/login/?next=https://evil.example/")
    assert answer["Location"] == "/admin/"


def test_sign_in_wrong_password_says_so(people: People, client: Client) -> None:
    answer = client.post(
        "/accounts/login/", {"login": people.owner.email, "password": "wrong"}
    )
    assert answer.status_code == 200
    assert "are not correct" in answer.content.decode()


def test_sign_in_attempts_are_limited(people: People, client: Client) -> None:
    for _ in range(5):
        sign_in(client, people.owner.email, "wrong")
    answer = client.post(
        "/accounts/login/", {"login": people.owner.email, "password": PASSWORD}
    )
    assert "Too many failed login attempts" in answer.content.decode()


def test_sign_in_without_organisation(db: None, client: Client) -> None:
    user = UserFactory.create()
    sign_in(client, user.email)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "no organisation has added this address" in answer.content.decode()


def test_sign_in_unverified_address(db: None, client: Client) -> None:
    user = UserFactory.create(verified=False)
    answer = client.post(
        "/accounts/login/", {"login": user.email, "password": PASSWORD}
    )
    assert answer["Location"] == "/accounts/confirm-email/"
    client.post(link_in_last_mail())
    assert sign_in(client, user.email) == 302
    assert client.get("/accounts/email/").status_code == 200


def test_sign_in_switched_off(people: People, client: Client) -> None:
    User.objects.update(is_active=False)
    sign_in(client, people.owner.email)
    assert client.get("/admin/").status_code == 302


def test_sign_out(people: People, client: Client) -> None:
    client.force_login(people.owner)
    assert client.get("/accounts/logout/").status_code == 200
    assert client.post("/admin/logout/").status_code == 302
    assert client.get("/admin/").status_code == 302


def test_reset_password(people: People, client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": people.owner.email})
    page = client.get(link_in_last_mail(), follow=True)
    form = page.redirect_chain[-1][0]
    client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert sign_in(client, people.owner.email) == 200
    assert sign_in(client, people.owner.email, NEW_PASSWORD) == 302


def test_reset_password_link_works_once(people: People, client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": people.owner.email})
    link = link_in_last_mail()
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    answer = Client().get(link)
    assert "This link no longer works" in answer.content.decode()


def test_reset_password_unknown_address_looks_the_same(
    people: People, client: Client
) -> None:
    known = client.post("/accounts/password/reset/", {"email": people.owner.email})
    unknown = client.post("/accounts/password/reset/", {"email": "x@example.com"})
    assert known["Location"] == unknown["Location"]
    assert set(Outbox.objects.values_list("to", "subject")) == {
        (people.owner.email, "Choose a new password"),
        ("x@example.com", "No account with this address"),
    }


def test_reset_link_is_at_the_public_address(
    people: People, client: Client, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://hire.example"
    client.post("/accounts/password/reset/", {"email": people.owner.email})
    assert "https://hire.example/accounts/password/reset/key/" in (
        Outbox.objects.get().text
    )


def test_sign_up_closed(db: None, client: Client) -> None:
    answer = client.post(
        "/accounts/signup/",
        {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert "Accounts are given out here" in answer.content.decode()
    assert not User.objects.exists()


def test_sign_up_open_asks_for_the_address(
    db: None, client: Client, settings: Settings
) -> None:
    settings.SIGNUP_OPEN = True
    form = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    assert client.get("/accounts/signup/").status_code == 200
    assert client.post("/accounts/signup/", form).status_code == 302
    link = link_in_last_mail()
    assert mail.outbox[-1].subject == "Confirm your e-mail address"
    assert "Is new@example.com yours?" in client.get(link).content.decode()
    client.post(link)
    assert sign_in(Client(), "new@example.com") == 302


def test_sign_up_known_address_tells_only_its_owner(
    people: People, client: Client, settings: Settings
) -> None:
    settings.SIGNUP_OPEN = True
    email = people.owner.email
    form = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    answer = client.post("/accounts/signup/", form)
    assert answer["Location"] == "/accounts/confirm-email/"
    row = Outbox.objects.get()
    assert (row.to, row.subject) == (email, "You have an account already")


def test_change_password_and_addresses(people: People, client: Client) -> None:
    client.force_login(people.owner)
    answer = client.get("/admin/password_change/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/password/change/"
    form = {"email": "second@example.com", "action_add": ""}
    client.post("/accounts/email/", form)
    page = client.get("/accounts/email/").content.decode()
    assert "second@example.com" in page
    assert "Not confirmed" in page


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/done/",
        "/accounts/password/reset/key/1-bad/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/bad/",
        "/accounts/inactive/",
    ],
)
def test_account_page_is_ours(db: None, client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert '<main id="content"' in page
    assert "<script>" not in page
    assert "Menu:" not in page
