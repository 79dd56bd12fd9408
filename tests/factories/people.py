"""Three people everywhere: an owner, a colleague, a stranger."""

from dataclasses import dataclass

from accounts.enums import Role
from accounts.models import Organisation, User
from tests.factories.accounts import (
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)


@dataclass(frozen=True)
class People:
    """One organisation with a member for each role, and a stranger with their own."""

    organisation: Organisation
    owner: User
    recruiter: User
    reviewer: User
    interviewer: User
    finance: User
    other_organisation: Organisation
    stranger: User

    @property
    def colleague(self) -> User:
        """Somebody else of the organisation."""
        return self.recruiter

    def with_role(self, role: str) -> User:
        """Return the member who has `role`."""
        member: User = getattr(self, Role(role).value)
        return member


def make_people() -> People:
    """Create two organisations and their people."""
    organisation = OrganisationFactory.create(name="Acme", slug="acme")
    other = OrganisationFactory.create(name="Globex", slug="globex")
    members = {
        role.value: MembershipFactory.create(
            organisation=organisation,
            role=role,
            user=UserFactory.create(email=f"{role.value}@acme.example"),
        ).user
        for role in Role
    }
    stranger = MembershipFactory.create(
        organisation=other,
        role=Role.OWNER,
        user=UserFactory.create(email="owner@globex.example"),
    ).user
    return People(
        organisation=organisation,
        other_organisation=other,
        stranger=stranger,
        **members,
    )
