"""An owner of another organisation finds nothing of this one, whatever they try."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import ForeignKey, ManyToManyField, Model
from django.forms.models import ModelChoiceField
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.admin_base import OrganisationAdmin, SharedAdmin
from accounts.models import Membership, Organisation, User
from tests.factories.people import People
from tests.tenancy.rows import MAKE, OWNED_PAGES, label, make_row
from tests.tenancy.test_admin_rights import url_of

pages = pytest.mark.parametrize("page", OWNED_PAGES, ids=label)


@pages
def test_stranger_page_is_not_there(
    page: OrganisationAdmin[Any], people: People, client: Client
) -> None:
    row = make_row(page, people.organisation)
    client.force_login(people.stranger)
    for name in ("change", "history", "delete"):
        url = url_of(page, name, row.pk)
        assert client.get(url).status_code == 404
        assert client.post(url, {"post": "yes"}).status_code == 404
    assert type(row)._default_manager.filter(pk=row.pk).exists()


@pages
def test_stranger_list_shows_only_own(
    page: OrganisationAdmin[Any], people: People, client: Client
) -> None:
    theirs = make_row(page, people.organisation)
    own = make_row(page, people.other_organisation)
    client.force_login(people.stranger)
    shown = client.get(url_of(page, "changelist")).context["cl"].queryset
    assert shown.filter(pk=own.pk).exists()
    assert not shown.filter(pk=theirs.pk).exists()


@pages
def test_stranger_action_touches_nothing(
    page: OrganisationAdmin[Any], people: People, client: Client
) -> None:
    row = make_row(page, people.organisation)
    client.force_login(people.stranger)
    answer = client.get(url_of(page, "changelist"))
    actions = list(page.get_actions(answer.wsgi_request))
    before = type(row)._default_manager.filter(pk=row.pk).values().get()
    for action in actions:
        client.post(
            url_of(page, "changelist"),
            {"action": action, ACTION_CHECKBOX_NAME: [str(row.pk)], "post": "yes"},
        )
    assert type(row)._default_manager.filter(pk=row.pk).values().get() == before


def _autocompletes() -> list[tuple[str, str, str, type[Model]]]:
    """Return (app, model, field, related model) of every question one may ask."""
    found = []
    for source in OWNED_PAGES:
        for field in source.model._meta.get_fields():
            if not isinstance(field, (ForeignKey, ManyToManyField)):
                continue
            related = field.related_model
            if related not in MAKE or not admin.site.is_registered(related):
                continue
            page = admin.site.get_model_admin(related)
            if page.search_fields and not isinstance(page, SharedAdmin):
                meta = source.model._meta
                found.append(
                    (meta.app_label, str(meta.model_name), field.name, related)
                )
    return found


@pytest.mark.parametrize(
    ("app_label", "model_name", "field_name", "related"),
    _autocompletes(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_stranger_autocomplete_offers_only_own(
    app_label: str,
    model_name: str,
    field_name: str,
    related: type[Model],
    people: People,
    client: Client,
) -> None:
    theirs = MAKE[related](people.organisation)
    client.force_login(people.stranger)
    answer = client.get(
        "/admin/autocomplete/",
        {
            "app_label": app_label,
            "model_name": model_name,
            "field_name": field_name,
            "term": "",
        },
    )
    offered = {row["id"] for row in answer.json()["results"]}
    assert str(theirs.pk) not in offered


@pages
def test_stranger_forms_and_filters_offer_only_own(
    page: OrganisationAdmin[Any], people: People, client: Client
) -> None:
    for make in MAKE.values():
        make(people.organisation)
    own = make_row(page, people.other_organisation)
    client.force_login(people.stranger)
    answer = client.get(url_of(page, "changelist"))
    offered = [*_form_choices(page, answer.wsgi_request, own)]
    offered += _filter_choices(answer.context["cl"].filter_specs)
    foreign = [
        (where, row)
        for where, row in offered
        if _organisation_of(row) not in {None, people.other_organisation.pk}
    ]
    assert foreign == []


def _form_choices(
    page: OrganisationAdmin[Any], request: HttpRequest, own: Model
) -> Iterator[tuple[str, Model]]:
    forms = [page.get_form(request, own, change=True)]
    if page.has_add_permission(request):
        forms.append(page.get_form(request))
    for form in forms:
        for name, field in form.base_fields.items():
            if isinstance(field, ModelChoiceField) and field.queryset is not None:
                for row in field.queryset:
                    yield name, row


def _filter_choices(specs: list[Any]) -> Iterator[tuple[str, Model]]:
    for spec in specs:
        field = getattr(spec, "field", None)
        if field is None or not field.is_relation:
            continue
        for pk, _text in spec.lookup_choices:
            yield spec.title, field.related_model._default_manager.get(pk=pk)


def _organisation_of(row: Model) -> int | None:
    if isinstance(row, Organisation):
        return row.pk
    if isinstance(row, User):
        return Membership.objects.get(user=row).organisation_id
    for name in (
        "organisation",
        "interview",
        "problem",
        "assessment",
        "assessment_version",
    ):
        try:
            row._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        related = getattr(row, name)
        return None if related is None else _organisation_of(related)
    return None


@pytest.mark.parametrize(
    "page", [page for page in OWNED_PAGES if page.model is not Organisation], ids=label
)
def test_list_costs_the_same_at_any_length(
    page: OrganisationAdmin[Any], people: People, client: Client
) -> None:
    client.force_login(people.owner)
    make_row(page, people.organisation)
    client.get(url_of(page, "changelist"))
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(url_of(page, "changelist"))
        counts.append(len(queries))
        make_row(page, people.organisation)
        make_row(page, people.organisation)
    assert counts[0] == counts[1]
