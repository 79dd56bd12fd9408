"""The organisation's own pages in the admin."""

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client

from accounts.enums import OutboxState, Role
from accounts.models import AuditEntry, Membership, Outbox
from tests.factories.accounts import MembershipFactory, OutboxFactory, UserFactory
from tests.factories.people import People

MEMBERS = "/admin/accounts/membership/"


@pytest.fixture
def owner(people: People, client: Client) -> Client:
    client.force_login(people.owner)
    return client


def member_page(people: People, role: Role) -> str:
    membership = Membership.objects.get(user=people.with_role(role))
    return f"{MEMBERS}{membership.pk}/change/"


def test_add_member(people: People, owner: Client) -> None:
    form = {"email": "new@acme.example", "name": "Nia", "role": "recruiter"}
    assert owner.post(f"{MEMBERS}add/", form)["Location"] == MEMBERS
    membership = Membership.objects.get(user__email="new@acme.example")
    assert (membership.organisation, membership.role) == (
        people.organisation,
        "recruiter",
    )
    assert [entry.action for entry in AuditEntry.objects.all()] == ["member.added"]


def test_add_member_again_keeps_the_form(people: People, owner: Client) -> None:
    form = {"email": people.reviewer.email, "name": "", "role": "finance"}
    answer = owner.post(f"{MEMBERS}add/", form)
    assert "This person is a member already" in answer.content.decode()
    assert people.reviewer.email in answer.content.decode()


def test_add_member_offers_a_harmless_role(owner: Client, people: People) -> None:
    form = owner.get(f"{MEMBERS}add/").context["adminform"].form
    assert form["role"].value() == "reviewer"


def test_change_role_is_audited_once(people: People, owner: Client) -> None:
    owner.post(member_page(people, Role.REVIEWER), {"role": "recruiter"})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.details) == (
        "member.role_changed",
        people.owner,
        {"before": "reviewer", "after": "recruiter"},
    )


def test_change_role_of_the_only_owner(people: People, owner: Client) -> None:
    answer = owner.post(member_page(people, Role.OWNER), {"role": "finance"})
    assert "This is the only owner" in answer.content.decode()
    assert Membership.objects.get(user=people.owner).role == "owner"


def test_remove_member(people: People, owner: Client) -> None:
    page = member_page(people, Role.REVIEWER).replace("change", "delete")
    owner.post(page, {"post": "yes"})
    assert not Membership.objects.filter(user=people.reviewer).exists()
    assert AuditEntry.objects.get().action == "member.removed"


def test_remove_the_only_owner_says_why(people: People, owner: Client) -> None:
    page = member_page(people, Role.OWNER).replace("change", "delete")
    answer = owner.post(page, {"post": "yes"}, follow=True)
    assert "This is the only owner" in answer.content.decode()
    assert Membership.objects.filter(user=people.owner).exists()


def test_remove_all_removes_none(people: People, owner: Client) -> None:
    form = {
        "action": "delete_selected",
        ACTION_CHECKBOX_NAME: list(Membership.objects.values_list("pk", flat=True)),
        "post": "yes",
    }
    answer = owner.post(MEMBERS, form, follow=True)
    assert "This is the only owner" in answer.content.decode()
    assert people.organisation.memberships.count() == 5


def test_change_organisation_is_audited(people: People, owner: Client) -> None:
    form = {"name": "Acme", "contact_email": "x@acme.example", "retention_days": "30"}
    page = f"/admin/accounts/organisation/{people.organisation.pk}/change/"
    owner.post(page, form)
    people.organisation.refresh_from_db()
    assert people.organisation.retention_days == 30
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target_id) == (
        "organisation.changed",
        str(people.organisation.pk),
    )
    assert len(entry.details["fields"]) == 2


def test_send_again(people: People, owner: Client) -> None:
    failed = OutboxFactory.create(
        organisation=people.organisation, state=OutboxState.FAILED, attempts=8
    )
    sent = OutboxFactory.create(
        organisation=people.organisation, state=OutboxState.SENT
    )
    form = {"action": "send_again", ACTION_CHECKBOX_NAME: [failed.pk, sent.pk]}
    answer = owner.post("/admin/accounts/outbox/", form, follow=True)
    assert "1 mail will be sent again." in answer.content.decode()
    failed.refresh_from_db()
    assert (failed.state, failed.attempts) == (OutboxState.WAITING, 0)
    assert Outbox.objects.get(pk=sent.pk).state == OutboxState.SENT
    assert AuditEntry.objects.get().action == "mail.retried"


def test_mail_without_organisation_is_seen_by_nobody(
    people: People, client: Client
) -> None:
    row = OutboxFactory.create(organisation=None)
    for user in (people.owner, UserFactory.create(is_superuser=True)):
        client.force_login(user)
        page = f"/admin/accounts/outbox/{row.pk}/change/"
        assert client.get(page).status_code == 404


def test_switch_organisation(people: People, owner: Client) -> None:
    MembershipFactory.create(
        user=people.owner, organisation=people.other_organisation, role=Role.REVIEWER
    )
    assert "Acme" in owner.get("/admin/").content.decode()
    assert owner.get("/admin/organisation/").status_code == 405
    answer = owner.post(
        "/admin/organisation/",
        {"organisation": people.other_organisation.pk},
        follow=True,
    )
    assert "You are working for Globex now." in answer.content.decode()
    assert owner.get(MEMBERS).status_code == 403


@pytest.mark.parametrize("given", ["999999", "", "x", "-1"])
def test_switch_organisation_stranger(
    people: People, owner: Client, given: str
) -> None:
    assert (
        owner.post("/admin/organisation/", {"organisation": given}).status_code == 404
    )
    answer = owner.post(
        "/admin/organisation/", {"organisation": people.other_organisation.pk}
    )
    assert answer.status_code == 404


def test_users_are_the_operators(people: People, client: Client) -> None:
    client.force_login(people.owner)
    assert client.get("/admin/accounts/user/").status_code == 403
    client.force_login(UserFactory.create(is_superuser=True))
    assert client.get("/admin/accounts/user/").status_code == 200
    page = f"/admin/accounts/user/{people.owner.pk}/change/"
    assert client.get(page).status_code == 200
    assert client.get("/admin/accounts/user/add/").status_code == 403
