"""Domain errors of the accounts app."""

from django.utils.translation import gettext_lazy as _

from base.errors import DomainError


class AccountsError(DomainError):
    """Base of this app's errors."""

    code = "accounts_error"


class SlugTakenError(AccountsError):
    """Another organisation has this slug, or the same one with another owner."""

    code = "slug_taken"
    status = 409

    def __init__(self, slug: str) -> None:
        super().__init__(
            _("An organisation “%(slug)s” exists already. Choose another slug.")
            % {"slug": slug}
        )


class LastOwnerError(AccountsError):
    """An organisation keeps at least one owner."""

    code = "last_owner"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("This is the only owner. Make somebody else an owner first.")
        )


class AlreadyMemberError(AccountsError):
    """The person is in the organisation already."""

    code = "already_member"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("This person is a member already. Change their role instead.")
        )


class WeakPasswordError(AccountsError):
    """The password does not meet the rules; the message says which."""

    code = "weak_password"
