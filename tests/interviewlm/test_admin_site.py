"""The back office as a person meets it."""

import pytest
from django.contrib import admin
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, reverse

from accounts import dashboard
from accounts.access import Standing
from accounts.models import User
from interviewlm.admin_site import InterviewlmAdminSite
from interviewlm.navigation import build_navigation
from tests.factories.accounts import UserFactory
from tests.factories.people import People


def test_pages_belong_to_our_site() -> None:
    sites = {type(page.admin_site) for page in admin.site._registry.values()}
    assert sites == {InterviewlmAdminSite}


def test_no_redirect_to_any_object() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("admin:view_on_site", args=[1, 1])


def test_index_shows_registered_panels(
    people: People, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "_panels", {})
    seen: list[Standing] = []

    def build(standing: Standing) -> dict[str, str]:
        seen.append(standing)
        return {"name": standing.organisation.name}

    template = "admin/_organisation.html"
    dashboard.register_panel("b", template=template, build=build, position=2)
    dashboard.register_panel("a", template=template, build=build, position=1)
    dashboard.register_panel("none", template=template, build=lambda _standing: None)
    client.force_login(people.owner)
    answer = client.get("/admin/")
    assert answer.context["panels"] == [
        {"template": template, "panel": {"name": "Acme"}},
        {"template": template, "panel": {"name": "Acme"}},
    ]
    assert [standing.user for standing in seen] == [people.owner, people.owner]


def test_index_without_any_organisation(db: None, client: Client) -> None:
    client.force_login(UserFactory.create(is_superuser=True))
    assert "create_organisation" in client.get("/admin/").content.decode()


def test_navigation_follows_the_role(people: People, client: Client) -> None:
    def titles(user: User) -> set[str]:
        client.force_login(user)
        request = client.get("/admin/").wsgi_request
        return {
            str(item["title"])
            for group in build_navigation(request)
            for item in group["items"]
        }

    assert {"Organisations", "Members", "Audit entries", "Outbox"} <= titles(
        people.owner
    )
    assert not {"Members", "Outbox", "Interviews", "Users"} & titles(people.finance)


def test_every_navigation_link_opens(people: People, client: Client) -> None:
    client.force_login(people.owner)
    request = client.get("/admin/").wsgi_request
    links = [
        item["link"] for group in build_navigation(request) for item in group["items"]
    ]
    assert {client.get(link).status_code for link in links} == {200}


def test_pages_for_what_fails(people: People, client: Client) -> None:
    client.force_login(people.finance)
    assert "There is nothing here" in client.get("/nothing/").content.decode()
    denied = client.get("/admin/accounts/membership/")
    assert denied.status_code == 403
    assert "You may not do this" in denied.content.decode()


def test_page_for_our_own_failure(
    people: People, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("interviewlm.admin_site.build_panels", explode)
    client.raise_request_exception = False
    client.force_login(people.owner)
    answer = client.get("/admin/")
    assert answer.status_code == 500
    assert "Something failed on our side" in answer.content.decode()


@pytest.mark.parametrize("given", ["0", "", "acme", "²"])
def test_unknown_organisation_is_not_found(people: People, given: str) -> None:
    request = RequestFactory().post("/admin/organisation/", {"organisation": given})
    request.user = people.owner
    with pytest.raises(Http404):
        admin.site.switch_organisation(request)  # type: ignore[attr-defined]
