"""Making an organisation with its first owner."""

from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.enums import Role
from accounts.errors import SlugTakenError, WeakPasswordError
from accounts.models import Membership, Organisation, User
from accounts.services.audit import record_audit
from accounts.services.members import find_or_create_user


@dataclass(frozen=True)
class CreatedOrganisation:
    """What `create_organisation` made or found."""

    organisation: Organisation
    owner: User
    is_new: bool
    is_new_owner: bool


def create_organisation(
    name: str,
    *,
    slug: str,
    owner_email: str,
    owner_name: str = "",
    password: str | None = None,
) -> CreatedOrganisation:
    """Create an organisation, its owner, the membership and the audit row.

    Repeating it with the same slug and owner returns what is there; the password is
    set only while the owner has none. Raises SlugTakenError when the slug belongs
    to an organisation this person does not own, WeakPasswordError.
    """
    found = _find(slug, owner_email)
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return _create(name, slug, owner_email, owner_name, password)
    except IntegrityError as error:
        raise SlugTakenError(slug) from error


def _find(slug: str, owner_email: str) -> CreatedOrganisation | None:
    organisation = Organisation.objects.filter(slug=slug).first()
    if organisation is None:
        return None
    owner = Membership.objects.filter(
        organisation=organisation, role=Role.OWNER, user__email__iexact=owner_email
    ).first()
    if owner is None:
        raise SlugTakenError(slug)
    return CreatedOrganisation(
        organisation, owner.user, is_new=False, is_new_owner=False
    )


def _create(
    name: str, slug: str, owner_email: str, owner_name: str, password: str | None
) -> CreatedOrganisation:
    owner, is_new_owner = find_or_create_user(owner_email, owner_name)
    if password and not owner.has_usable_password():
        _set_password(owner, password)
    organisation = Organisation.objects.create(
        name=name.strip(), slug=slug, contact_email=owner.email
    )
    Membership.objects.create(organisation=organisation, user=owner, role=Role.OWNER)
    record_audit(
        None, organisation, "organisation.created", organisation, {"owner": owner.pk}
    )
    return CreatedOrganisation(
        organisation, owner, is_new=True, is_new_owner=is_new_owner
    )


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPasswordError(" ".join(error.messages)) from error
    user.set_password(password)
    user.save(update_fields=["password"])
