"""Which organisation a person works in, and whether they may do what they ask.

An admin request speaks for one organisation: the one picked in the session. A
socket or a script has no session and asks about a user and a named organisation.
"""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from accounts.enums import Role
from accounts.models import Membership, Organisation, User
from accounts.permissions import is_allowed

SESSION_KEY = "organisation"
_CACHE = "accounts_standing"

Person = User | AnonymousUser


@dataclass(frozen=True)
class Standing:
    """Somebody's role in the organisation a request is about.

    The operator (a superuser) stands as an owner wherever they look.
    """

    user: User
    organisation: Organisation
    role: Role
    is_operator: bool = False

    def may(self, verb: str, object_name: str) -> bool:
        """Say whether this person may do `verb` with `object_name` here."""
        return is_allowed(self.role, verb, object_name)


def memberships_of(user: Person) -> QuerySet[Membership]:
    """Return the user's memberships with their organisations, by name."""
    if not isinstance(user, User) or not user.is_active:
        return Membership.objects.none()
    return (
        Membership.objects.filter(user=user)
        .select_related("organisation")
        .order_by("organisation__name", "pk")
    )


def organisations_of(user: Person) -> QuerySet[Organisation]:
    """Return the organisations the user may pick; the operator may pick any."""
    if not isinstance(user, User) or not user.is_active:
        return Organisation.objects.none()
    if user.is_superuser:
        return Organisation.objects.order_by("name", "pk")
    return Organisation.objects.filter(memberships__user=user).order_by("name", "pk")


def role_in(user: Person, organisation: Organisation) -> Role | None:
    """Return the user's role in `organisation`, or None for a stranger."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_superuser:
        return Role.OWNER
    role = (
        Membership.objects.filter(user=user, organisation=organisation)
        .values_list("role", flat=True)
        .first()
    )
    return Role(role) if role else None


def standing_of(request: HttpRequest) -> Standing | None:
    """Return who asks and for which organisation; None for somebody without one.

    Computed once per request.
    """
    if not hasattr(request, _CACHE):
        setattr(request, _CACHE, _find_standing(request))
    standing: Standing | None = getattr(request, _CACHE)
    return standing


def current_organisation(request: HttpRequest) -> Organisation | None:
    """Return the organisation this request is about."""
    standing = standing_of(request)
    return standing.organisation if standing else None


def pick_organisation(request: HttpRequest, organisation_id: int) -> Organisation:
    """Make this the session's organisation. Raises Http404 for a stranger to it."""
    organisation = organisations_of(request.user).filter(pk=organisation_id).first()
    if organisation is None:
        raise Http404
    request.session[SESSION_KEY] = organisation.pk
    if hasattr(request, _CACHE):
        delattr(request, _CACHE)
    return organisation


def is_permitted(
    who: HttpRequest | Person, organisation: Organisation, verb: str, object_name: str
) -> bool:
    """Say what `require` would let pass."""
    role = _role_of(who, organisation)
    return role is not None and is_allowed(role, verb, object_name)


def require(
    who: HttpRequest | Person, organisation: Organisation, verb: str, object_name: str
) -> None:
    """Let pass who may do `verb` with `object_name` of `organisation`.

    A stranger, or a request that is about another organisation, gets Http404; a
    member without the right PermissionDenied.
    """
    role = _role_of(who, organisation)
    if role is None:
        raise Http404
    if not is_allowed(role, verb, object_name):
        raise PermissionDenied


def _role_of(who: HttpRequest | Person, organisation: Organisation) -> Role | None:
    if not isinstance(who, HttpRequest):
        return role_in(who, organisation)
    standing = standing_of(who)
    if standing is None or standing.organisation.pk != organisation.pk:
        return None
    return standing.role


def _find_standing(request: HttpRequest) -> Standing | None:
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_active:
        return None
    picked: int | None = request.session.get(SESSION_KEY)
    if user.is_superuser:
        organisations = list(organisations_of(user).filter(pk=picked or 0)) or list(
            organisations_of(user)[:1]
        )
        return (
            Standing(user, organisations[0], Role.OWNER, is_operator=True)
            if organisations
            else None
        )
    memberships = list(memberships_of(user))
    chosen = [m for m in memberships if m.organisation_id == picked] or memberships
    if not chosen:
        return None
    return Standing(user, chosen[0].organisation, Role(chosen[0].role))
