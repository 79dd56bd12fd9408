"""Role × object × verb, generated from the permission table, on every admin page."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.admin_base import OperatorAdmin, OrganisationAdmin
from accounts.enums import Role
from accounts.models import User
from accounts.permissions import ADD, CHANGE, DELETE, TABLE, VIEW, is_allowed
from tests.factories.accounts import UserFactory
from tests.factories.people import People
from tests.tenancy.rows import MAKE, PAGES, label, make_row

NOT_AN_ORGANISATIONS = {User}
pages = pytest.mark.parametrize("page", PAGES, ids=label)


def url_of(page: OrganisationAdmin[Any], name: str, *args: object) -> str:
    meta = page.model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}", args=args)


def test_every_page_is_scoped() -> None:
    odd = {
        model
        for model, page in admin.site._registry.items()
        if not isinstance(page, OrganisationAdmin)
    }
    assert odd == NOT_AN_ORGANISATIONS
    assert isinstance(admin.site.get_model_admin(User), OperatorAdmin)


@pages
def test_every_page_names_its_object(page: OrganisationAdmin[Any]) -> None:
    assert page.permission_object in TABLE
    assert page.model in MAKE, "add the model to tests/tenancy/rows.py"


@pages
def test_roles_may_what_the_table_says(
    page: OrganisationAdmin[Any], people: People, client: Client
) -> None:
    row = make_row(page, people.organisation)
    wrong = {}
    for role in Role:
        client.force_login(people.with_role(role))
        seen = {
            VIEW: client.get(url_of(page, "changelist")).status_code == 200
            and client.get(url_of(page, "change", row.pk)).status_code == 200,
            ADD: client.get(url_of(page, "add")).status_code == 200,
            CHANGE: client.post(url_of(page, "change", row.pk), {}).status_code != 403,
            DELETE: client.get(url_of(page, "delete", row.pk)).status_code == 200,
        }
        for verb, is_possible in seen.items():
            is_right = is_allowed(role, verb, page.permission_object)
            # A page may offer less than the table (ledgers are never edited).
            if is_possible != is_right and (is_possible or verb == VIEW):
                wrong[role, verb] = is_possible
    assert wrong == {}


@pages
def test_further_verbs_follow_the_table(
    page: OrganisationAdmin[Any], people: People, client: Client
) -> None:
    further = set().union(*TABLE[page.permission_object].values()) - {
        VIEW,
        ADD,
        CHANGE,
        DELETE,
    }
    for role in Role if further else ():
        client.force_login(people.with_role(role))
        request = client.get("/admin/").wsgi_request
        for verb in further:
            has_permission = getattr(page, f"has_{verb}_permission")
            assert has_permission(request) == is_allowed(
                role, verb, page.permission_object
            )


@pages
def test_nobody_else_gets_in(
    page: OrganisationAdmin[Any], people: People, client: Client
) -> None:
    row = make_row(page, people.organisation)
    urls = [url_of(page, "changelist"), url_of(page, "change", row.pk)]
    assert {client.get(url).status_code for url in urls} == {302}
    client.force_login(UserFactory.create())
    assert {client.get(url, follow=True).status_code for url in urls} == {403}


@pages
def test_operator_sees_what_they_picked(
    page: OrganisationAdmin[Any], people: People, client: Client
) -> None:
    row = make_row(page, people.organisation)
    client.force_login(UserFactory.create(is_superuser=True))
    assert client.get(url_of(page, "change", row.pk)).status_code == 200
