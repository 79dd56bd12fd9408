"""People joining, changing roles and leaving."""

import pytest

from accounts.enums import Role
from accounts.errors import AlreadyMemberError, LastOwnerError
from accounts.models import AuditEntry, Membership, Outbox, User
from accounts.services.members import add_member, change_role, remove_member
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.people import People


def membership_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def test_add_member_new_person(people: People) -> None:
    membership = add_member(
        people.organisation,
        email="New@Acme.example",
        name="Nia",
        role=Role.REVIEWER,
        actor=people.owner,
    )
    assert membership.user.email == "new@acme.example"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.target_id, entry.details) == (
        "member.added",
        people.owner,
        str(membership.user_id),
        {"role": "reviewer"},
    )
    mail = Outbox.objects.get()
    assert mail.subject == "You are a member of Acme now"
    assert "/accounts/password/reset/key/" in mail.text


def test_add_member_link_is_not_in_the_organisations_outbox(people: People) -> None:
    add_member(
        people.organisation,
        email="new@acme.example",
        role=Role.REVIEWER,
        actor=people.owner,
    )
    assert not people.organisation.outbox.exists()


def test_add_member_known_person_signs_in(people: People) -> None:
    add_member(
        people.organisation,
        email=people.stranger.email,
        role=Role.FINANCE,
        actor=people.owner,
    )
    mail = Outbox.objects.get()
    assert "Sign in:\nhttp://testserver/admin/" in mail.text
    assert "password" not in mail.text


def test_add_member_twice(people: People) -> None:
    with pytest.raises(AlreadyMemberError):
        add_member(
            people.organisation,
            email=people.reviewer.email.upper(),
            role=Role.OWNER,
            actor=people.owner,
        )
    assert not Outbox.objects.exists()


def test_change_role(people: People) -> None:
    membership = membership_of(people.reviewer)
    change_role(membership, role=Role.RECRUITER, actor=people.owner)
    assert membership_of(people.reviewer).role == Role.RECRUITER
    assert AuditEntry.objects.get().details == {
        "before": "reviewer",
        "after": "recruiter",
    }


def test_change_role_to_the_same_leaves_no_trace(people: People) -> None:
    change_role(membership_of(people.owner), role=Role.OWNER, actor=people.owner)
    assert not AuditEntry.objects.exists()


def test_last_owner_stays(people: People) -> None:
    with pytest.raises(LastOwnerError):
        change_role(membership_of(people.owner), role=Role.FINANCE, actor=people.owner)
    with pytest.raises(LastOwnerError):
        remove_member(membership_of(people.owner), actor=people.owner)
    assert membership_of(people.owner).role == Role.OWNER
    assert not AuditEntry.objects.exists()


def test_one_of_two_owners_may_go(people: People) -> None:
    MembershipFactory.create(
        organisation=people.organisation, user=UserFactory.create()
    )
    remove_member(membership_of(people.owner), actor=people.owner)
    assert not Membership.objects.filter(user=people.owner).exists()
    assert User.objects.filter(pk=people.owner.pk).exists()
    assert AuditEntry.objects.get().action == "member.removed"
