"""Which organisation a person works in, and what they may do there."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from accounts.access import (
    Person,
    current_organisation,
    is_permitted,
    memberships_of,
    organisations_of,
    pick_organisation,
    require,
    role_in,
    standing_of,
)
from accounts.enums import Role
from accounts.permissions import CHANGE, VIEW
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.people import People


def make_request(user: Person, picked: int | None = None) -> HttpRequest:
    request = RequestFactory().get("/admin/")
    request.user = user
    request.session = SessionStore()
    if picked is not None:
        request.session["organisation"] = picked
    return request


def test_standing_member(people: People) -> None:
    standing = standing_of(make_request(people.reviewer))
    assert standing is not None
    assert (standing.organisation, standing.role) == (people.organisation, "reviewer")
    assert standing.may(VIEW, "interview")
    assert not standing.may(CHANGE, "problem")


@pytest.mark.parametrize("is_active", [True, False])
def test_standing_nobody(people: People, is_active: bool) -> None:
    lonely = UserFactory.create(is_active=is_active)
    assert standing_of(make_request(lonely)) is None
    assert standing_of(make_request(AnonymousUser())) is None


def test_standing_inactive_member(people: People) -> None:
    people.owner.is_active = False
    people.owner.save(update_fields=["is_active"])
    assert standing_of(make_request(people.owner)) is None
    assert role_in(people.owner, people.organisation) is None
    assert not memberships_of(people.owner)
    assert not organisations_of(people.owner)


def test_standing_two_organisations_picks_one(people: People) -> None:
    MembershipFactory.create(
        user=people.owner, organisation=people.other_organisation, role=Role.FINANCE
    )
    request = make_request(people.owner)
    assert current_organisation(request) == people.organisation
    pick_organisation(request, people.other_organisation.pk)
    standing = standing_of(request)
    assert standing is not None
    assert (standing.organisation, standing.role) == (
        people.other_organisation,
        "finance",
    )
    with pytest.raises(Http404):
        require(request, people.organisation, VIEW, "problem")


def test_standing_picked_organisation_left(people: People) -> None:
    request = make_request(people.owner, picked=people.other_organisation.pk)
    assert current_organisation(request) == people.organisation


def test_standing_computed_once(
    people: People, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request = make_request(people.owner)
    with django_assert_num_queries(1):
        standing_of(request)
        standing_of(request)


def test_pick_organisation_stranger(people: People) -> None:
    with pytest.raises(Http404):
        pick_organisation(make_request(people.owner), people.other_organisation.pk)


def test_operator_sees_what_they_picked(people: People) -> None:
    operator = UserFactory.create(is_superuser=True)
    request = make_request(operator)
    assert current_organisation(request) == people.organisation
    pick_organisation(request, people.other_organisation.pk)
    standing = standing_of(request)
    assert standing is not None
    assert standing.is_operator
    assert standing.organisation == people.other_organisation
    assert role_in(operator, people.organisation) == Role.OWNER


def test_operator_without_organisations(db: None) -> None:
    assert standing_of(make_request(UserFactory.create(is_superuser=True))) is None


def test_require_user(people: People) -> None:
    require(people.owner, people.organisation, CHANGE, "problem")
    with pytest.raises(PermissionDenied):
        require(people.finance, people.organisation, VIEW, "interview")
    for who in (people.stranger, AnonymousUser()):
        with pytest.raises(Http404):
            require(who, people.organisation, VIEW, "interview")
        assert not is_permitted(who, people.organisation, VIEW, "interview")


def test_require_request(people: People) -> None:
    require(make_request(people.owner), people.organisation, CHANGE, "problem")
    with pytest.raises(PermissionDenied):
        require(make_request(people.reviewer), people.organisation, CHANGE, "problem")
    with pytest.raises(Http404):
        require(make_request(people.stranger), people.organisation, VIEW, "problem")
