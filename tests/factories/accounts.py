"""Organisations, people and their roles."""

# mypy: allow-untyped-calls, allow-untyped-decorators

from allauth.account.models import EmailAddress
from factory.declarations import LazyAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory, Password
from factory.helpers import post_generation

from accounts.enums import Role
from accounts.models import AuditEntry, Membership, Organisation, Outbox, User

PASSWORD = "correct horse battery staple"


class OrganisationFactory(DjangoModelFactory[Organisation]):
    """A company."""

    class Meta:
        model = Organisation

    name = Sequence(lambda n: f"Company {n}")
    slug = Sequence(lambda n: f"company-{n}")
    contact_email = LazyAttribute(lambda o: f"hiring@{o.slug}.example")


class UserFactory(DjangoModelFactory[User]):
    """Somebody who signs in with `PASSWORD`; their address is verified."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = Sequence(lambda n: f"person{n}@example.com")
    name = Sequence(lambda n: f"Person {n}")
    password = Password(PASSWORD)

    @post_generation
    def verified(
        self: User, create: bool, value: bool | None, **_kwargs: object
    ) -> None:
        """Pass `verified=False` for an address nobody confirmed."""
        if create and value is not False:
            EmailAddress.objects.create(
                user=self, email=self.email, verified=True, primary=True
            )


class MembershipFactory(DjangoModelFactory[Membership]):
    """A role of one person in one organisation."""

    class Meta:
        model = Membership

    organisation = SubFactory(OrganisationFactory)
    user = SubFactory(UserFactory)
    role = Role.OWNER


class AuditEntryFactory(DjangoModelFactory[AuditEntry]):
    """Something somebody did."""

    class Meta:
        model = AuditEntry

    organisation = SubFactory(OrganisationFactory)
    action = "member.added"
    target_type = "user"
    target_id = "1"


class OutboxFactory(DjangoModelFactory[Outbox]):
    """A mail waiting to be sent."""

    class Meta:
        model = Outbox

    organisation = SubFactory(OrganisationFactory)
    to = Sequence(lambda n: f"reader{n}@example.com")
    subject = "About your interview"
    text = "Hello"
