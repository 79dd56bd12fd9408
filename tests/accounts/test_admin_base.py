"""The base of the organisation's admin pages, on models that need all of it."""

from typing import Any

import pytest
from django.contrib.admin import (
    AdminSite,
    ChoicesFieldListFilter,
    RelatedFieldListFilter,
    SimpleListFilter,
)
from django.http import Http404, HttpRequest
from django.test import RequestFactory

from accounts.admin_base import (
    OrganisationAdmin,
    OrganisationTabularInline,
    ReadOnlyOrganisationAdmin,
    SharedAdmin,
)
from accounts.admin_scope import (
    ScopedFilterMixin,
    ScopedRelatedFilter,
    find_path,
    scope_filter,
)
from accounts.models import AuditEntry, Organisation, User
from interviews.models import (
    AssessmentVersion,
    Candidate,
    Interview,
    Invitation,
    PipelineStep,
)
from tests.accounts.test_access import make_request
from tests.factories.interviews import (
    AssessmentVersionFactory,
    CandidateFactory,
    InvitationFactory,
)
from tests.factories.people import People


class CandidatePage(OrganisationAdmin[Candidate]):
    permission_object = "candidate"
    fields = ["name", "email"]


class InvitationPage(OrganisationAdmin[Invitation]):
    permission_object = "invitation"
    fields = ["candidate", "assessment_version", "invited_by", "expires_at"]


class VersionPage(ReadOnlyOrganisationAdmin[AssessmentVersion]):
    permission_object = "assessment"
    organisation_path = "assessment__organisation"
    list_filter = ["rubric"]


class StepRows(OrganisationTabularInline[PipelineStep, Interview]):
    permission_object = "pipeline"
    model = PipelineStep


@pytest.fixture
def site() -> AdminSite:
    site = AdminSite()
    site.register(Candidate, CandidatePage)
    site.register(Invitation, InvitationPage)
    return site


def invitation_choices(site: AdminSite, request: HttpRequest, name: str) -> set[Any]:
    form = site.get_model_admin(Invitation).get_form(request)
    return set(form.base_fields[name].queryset)  # type: ignore[attr-defined]


def test_choices_are_the_organisations_own(people: People, site: AdminSite) -> None:
    own = CandidateFactory.create(organisation=people.organisation)
    CandidateFactory.create(organisation=people.other_organisation)
    request = make_request(people.owner)
    assert invitation_choices(site, request, "candidate") == {own}
    assert invitation_choices(site, request, "invited_by") == set(
        User.objects.filter(memberships__organisation=people.organisation)
    )


def test_choices_of_an_unknown_model_are_none(people: People, site: AdminSite) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    request = make_request(people.owner)
    assert invitation_choices(site, request, "assessment_version") == set()
    site.register(AssessmentVersion, VersionPage)
    assert invitation_choices(site, request, "assessment_version") == {version}


def test_a_foreign_choice_is_refused(people: People, site: AdminSite) -> None:
    site.register(AssessmentVersion, VersionPage)
    theirs = InvitationFactory.create(organisation=people.other_organisation)
    form = site.get_model_admin(Invitation).get_form(make_request(people.owner))(
        data={
            "candidate": theirs.candidate_id,
            "assessment_version": theirs.assessment_version_id,
        }
    )
    assert {"candidate", "assessment_version"} <= set(form.errors)


def add_candidate(site: AdminSite, request: HttpRequest, email: str) -> Any:
    page = site.get_model_admin(Candidate)
    form = page.get_form(request)(data={"name": "Ada", "email": email})
    if form.is_valid():
        page.save_model(request, form.save(commit=False), form, change=False)
        page.log_addition(request, form.instance, [{"added": {}}])
    return form


def test_new_row_belongs_to_the_organisation(people: People, site: AdminSite) -> None:
    add_candidate(site, make_request(people.owner), "ada@example.org")
    candidate = Candidate.objects.get()
    assert candidate.organisation == people.organisation
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.target_type, entry.target_id) == (
        "candidate.added",
        people.owner,
        "interviews.candidate",
        str(candidate.pk),
    )


def test_clash_with_an_own_row_is_a_form_error(people: People, site: AdminSite) -> None:
    CandidateFactory.create(organisation=people.organisation, email="a@example.org")
    form = add_candidate(site, make_request(people.owner), "a@example.org")
    assert form.errors
    assert Candidate.objects.count() == 1


def test_clash_with_a_strangers_row_is_none(people: People, site: AdminSite) -> None:
    CandidateFactory.create(
        organisation=people.other_organisation, email="a@example.org"
    )
    form = add_candidate(site, make_request(people.owner), "a@example.org")
    assert not form.errors
    assert Candidate.objects.count() == 2


def test_changes_and_deletions_are_audited(people: People, site: AdminSite) -> None:
    candidate = CandidateFactory.create(organisation=people.organisation)
    page = site.get_model_admin(Candidate)
    request = make_request(people.owner)
    page.log_change(request, candidate, [{"changed": {"fields": ["Name"]}}])
    page.log_change(request, candidate, [])
    page.log_deletions(request, Candidate.objects.all())
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "details")) == [
        ("candidate.changed", {"fields": ["Name"]}),
        ("candidate.deleted", {}),
    ]


def test_further_verbs_have_their_permission(people: People, site: AdminSite) -> None:
    page: Any = site.get_model_admin(Invitation)
    assert page.has_resend_permission(make_request(people.recruiter))
    assert not page.has_resend_permission(make_request(people.reviewer))
    assert not hasattr(page, "has_rescore_permission")


def test_inline_asks_the_table(people: People, site: AdminSite) -> None:
    rows = StepRows(Interview, site)
    assert rows.has_view_permission(make_request(people.reviewer))
    assert not rows.has_view_permission(make_request(people.finance))
    assert not rows.has_add_permission(make_request(people.owner))


def test_nobody_sees_nothing(people: People, site: AdminSite) -> None:
    CandidateFactory.create(organisation=people.organisation)
    request = RequestFactory().get("/admin/")
    page = site.get_model_admin(Candidate)
    assert not page.get_queryset(request).exists()
    assert not page.has_module_permission(request)
    with pytest.raises(Http404):
        page.history_view(
            make_request(people.stranger), str(Candidate.objects.get().pk)
        )


def test_shared_rows_are_everybodys(people: People, site: AdminSite) -> None:
    class SharedPage(SharedAdmin[Organisation]):
        permission_object = "prompt"

    page = SharedPage(Organisation, site)
    request = make_request(people.owner)
    assert page.get_queryset(request).count() == 2
    assert not page.has_change_permission(request)
    assert not page.has_view_permission(make_request(people.finance))


class OwnChoices(RelatedFieldListFilter):
    """A page's own kind of related filter."""


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("state", "state"),
        ("assessment_version", ("assessment_version", ScopedRelatedFilter)),
        (SimpleListFilter, SimpleListFilter),
        (("state", ChoicesFieldListFilter), ("state", ChoicesFieldListFilter)),
    ],
    ids=["field", "relation", "own filter", "own filter of a field"],
)
def test_scope_filter(item: Any, expected: Any) -> None:
    assert scope_filter(item, Interview) == expected


def test_scope_filter_of_a_pages_own_related_filter() -> None:
    path, scoped = scope_filter(("candidate", OwnChoices), Interview)
    assert path == "candidate"
    assert issubclass(scoped, OwnChoices)
    assert scoped.field_choices is ScopedFilterMixin.field_choices


def test_find_path(site: AdminSite) -> None:
    assert find_path(Organisation, site) == "pk"
    assert find_path(User, site) == "memberships__organisation"
    assert find_path(Candidate, site) == "organisation"
    assert find_path(Interview, site) == "organisation"
    assert find_path(PipelineStep, site) is None
