"""People joining, changing roles and leaving. An organisation keeps an owner."""

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.access import Person
from accounts.enums import Role
from accounts.errors import AlreadyMemberError, LastOwnerError
from accounts.models import Membership, Organisation, User
from accounts.services.audit import record_audit
from accounts.services.mail import queue_mail


def find_or_create_user(email: str, name: str = "") -> tuple[User, bool]:
    """Return the person with this address and whether they are new.

    A new person has no password: only the link mailed to the address sets one,
    which is why the address counts as verified.
    """
    address = email.strip().lower()
    user = User.objects.filter(email__iexact=address).first()
    if user is not None:
        return user, False
    user = User.objects.create_user(address, name=name.strip())
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user, True


def password_link(user: User) -> str:
    """Return a link with which the person sets their password, good for days."""
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    return f"{settings.PUBLIC_URL}{path}"


def add_member(
    organisation: Organisation, *, email: str, name: str = "", role: str, actor: Person
) -> Membership:
    """Take a person in and tell them by mail. Raises AlreadyMemberError."""
    try:
        with transaction.atomic():
            return _add_member(organisation, email, name, Role(role), actor)
    except IntegrityError as error:
        raise AlreadyMemberError from error


def _add_member(
    organisation: Organisation, email: str, name: str, role: Role, actor: Person
) -> Membership:
    user, _is_new = find_or_create_user(email, name)
    if Membership.objects.filter(organisation=organisation, user=user).exists():
        raise AlreadyMemberError
    membership = Membership.objects.create(
        organisation=organisation, user=user, role=role
    )
    record_audit(actor, organisation, "member.added", user, {"role": role.value})
    has_password = user.has_usable_password()
    # Not the organisation's mail: who reads its outbox must not find the link that
    # sets a colleague's password.
    queue_mail(
        None,
        user.email,
        "member_added",
        {
            "organisation": organisation,
            "role": role.label,
            "has_password": has_password,
            "url": (
                f"{settings.PUBLIC_URL}{reverse('admin:index')}"
                if has_password
                else password_link(user)
            ),
        },
    )
    return membership


@transaction.atomic
def change_role(membership: Membership, *, role: str, actor: Person) -> None:
    """Give a member another role. Raises LastOwnerError."""
    new = Role(role)
    current = _lock_members(membership)
    if current.role == new:
        return
    _keep_an_owner(current)
    record_audit(
        actor,
        current.organisation,
        "member.role_changed",
        current.user,
        {"before": current.role, "after": new.value},
    )
    current.role = new
    current.save(update_fields=["role"])
    membership.role = new


@transaction.atomic
def remove_member(membership: Membership, *, actor: Person) -> None:
    """Let a member go; the person's account stays. Raises LastOwnerError."""
    current = _lock_members(membership)
    _keep_an_owner(current)
    record_audit(
        actor,
        current.organisation,
        "member.removed",
        current.user,
        {"role": current.role},
    )
    current.delete()


def _lock_members(membership: Membership) -> Membership:
    """Return the row as it is now, with the organisation's members locked.

    The organisation's row stands for all of them: two owners who remove each other
    at once wait for one another instead of deadlocking over their own rows.
    """
    Organisation.objects.select_for_update(no_key=True).get(
        pk=membership.organisation_id
    )
    return Membership.objects.get(pk=membership.pk)


def _keep_an_owner(leaving: Membership) -> None:
    """Refuse to let the last owner go."""
    if leaving.role != Role.OWNER:
        return
    owners = Membership.objects.filter(
        organisation=leaving.organisation_id, role=Role.OWNER
    )
    if not owners.exclude(pk=leaving.pk).exists():
        raise LastOwnerError
