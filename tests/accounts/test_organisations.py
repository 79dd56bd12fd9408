"""Making organisations, by service and by command."""

import io
import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.enums import Role
from accounts.errors import SlugTakenError, WeakPasswordError
from accounts.models import AuditEntry, Membership, Organisation, User
from accounts.services.organisations import create_organisation
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.people import People


def test_create_organisation_makes_everything(db: None) -> None:
    created = create_organisation(
        "Acme", slug="acme", owner_email="Ada@Acme.example ", owner_name="Ada"
    )
    assert created.is_new
    assert created.is_new_owner
    assert created.owner.email == "ada@acme.example"
    assert not created.owner.has_usable_password()
    assert created.organisation.contact_email == "ada@acme.example"
    membership = Membership.objects.get()
    assert (membership.user, membership.role) == (created.owner, Role.OWNER)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.details) == (
        "organisation.created",
        None,
        {"owner": created.owner.pk},
    )


def test_create_organisation_again_changes_nothing(db: None) -> None:
    first = create_organisation("Acme", slug="acme", owner_email="ada@acme.example")
    again = create_organisation("Other", slug="acme", owner_email="ADA@acme.example")
    assert not again.is_new
    assert again.organisation == first.organisation
    assert (Organisation.objects.count(), User.objects.count()) == (1, 1)
    assert Organisation.objects.get().name == "Acme"


def test_create_organisation_slug_of_somebody_else(people: People) -> None:
    with pytest.raises(SlugTakenError, match="“acme” exists already"):
        create_organisation("Mine", slug="acme", owner_email="eve@example.com")
    with pytest.raises(SlugTakenError):
        create_organisation("Mine", slug="acme", owner_email=people.recruiter.email)


def test_create_organisation_known_person_keeps_password(db: None) -> None:
    user = UserFactory.create(email="ada@acme.example")
    created = create_organisation(
        "Acme", slug="acme", owner_email="ada@acme.example", password="another secret 1"
    )
    user.refresh_from_db()
    assert created.owner == user
    assert not created.is_new_owner
    assert user.check_password(PASSWORD)


def test_create_organisation_weak_password_leaves_nothing(db: None) -> None:
    with pytest.raises(WeakPasswordError, match="too short"):
        create_organisation(
            "Acme", slug="acme", owner_email="ada@acme.example", password="short"
        )
    assert not Organisation.objects.exists()
    assert not User.objects.exists()


def test_command_prints_a_link_that_sets_the_password(db: None, client: Client) -> None:
    out = io.StringIO()
    call_command(
        "create_organisation", "Acme Ltd", owner_email="ada@acme.example", stdout=out
    )
    assert "Created Acme Ltd (acme-ltd)." in out.getvalue()
    link = re.search(r"http://testserver(/accounts/password/reset/\S+)", out.getvalue())
    assert link
    page = client.get(link.group(1), follow=True)
    form_path = page.redirect_chain[-1][0]
    client.post(form_path, {"password1": PASSWORD, "password2": PASSWORD})
    answer = client.post(
        "/accounts/login/", {"login": "ada@acme.example", "password": PASSWORD}
    )
    assert answer["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_command_json_with_password(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    out = io.StringIO()
    call_command(
        "create_organisation",
        "Acme",
        "--slug=a1",
        "--owner-email=ada@acme.example",
        "--password-stdin",
        "--json",
        stdout=out,
    )
    facts = json.loads(out.getvalue())
    assert facts == {
        "organisation": Organisation.objects.get().pk,
        "slug": "a1",
        "created": True,
        "owner": "ada@acme.example",
        "url": "http://testserver/admin/",
        "password_url": None,
    }
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("会社", {"owner_email": "a@example.com"}, "Give a --slug"),
        ("Acme", {"owner_email": "nobody"}, "“nobody” is not an e-mail address"),
        ("Acme", {"owner_email": "x@example.com"}, "Choose another slug"),
    ],
    ids=["slug", "email", "taken"],
)
def test_command_refuses(
    people: People, name: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("create_organisation", name, **options)
