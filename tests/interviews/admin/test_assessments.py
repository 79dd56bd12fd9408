"""Assessments and rubrics: versions, own parts only, previews."""

from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Organisation
from interviews.admin.assessment_form import AssessmentForm
from interviews.admin.catalogue_filters import NewestTitleFilter
from interviews.models import Assessment, AssessmentVersion, Interview, Rubric
from tests.factories.interviews import (
    AssessmentVersionFactory,
    ProblemVersionFactory,
    RubricFactory,
)
from tests.factories.people import People
from tests.interviews.admin.conftest import change_url, rows


def assessment_data(version: AssessmentVersion, **changed: Any) -> dict[str, Any]:
    sections = version.sections.values_list("problem_version_id", flat=True)
    data = {
        "title": version.title,
        "description": version.description,
        "duration_minutes": version.duration_minutes,
        "policy": version.policy,
        "rubric": version.rubric_id,
        "has_hints": "on",
        "is_recorded": "on",
        "allowed_notes": "",
        "retention_days": version.retention_days,
        "sections-problem": list(sections),
    }
    return {**data, **changed}


def test_assessment_change_keeps_order_and_pins(
    recruiter: Client, people: People
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    first, second = version.sections.values_list("problem_version_id", flat=True)

    recruiter.post(
        change_url(version.assessment),
        assessment_data(version, **{"sections-problem": [second, first, ""]}),
    )

    newest = version.assessment.versions.get(number=2)
    pinned = newest.sections.values_list("problem_version_id", flat=True)
    assert list(pinned) == [second, first]
    kept = version.sections.values_list("problem_version_id", flat=True)
    assert list(kept) == [first, second]
    assert AuditEntry.objects.get().action == "assessment.version_added"


def test_assessment_is_added(recruiter: Client, people: People) -> None:
    model = AssessmentVersionFactory.create(organisation=people.organisation)

    recruiter.post(
        reverse("admin:interviews_assessment_add"), assessment_data(model, slug="new")
    )

    made = Assessment.objects.get(slug="new")
    assert made.organisation == people.organisation
    assert made.versions.get().sections.count() == 2


def test_assessment_refuses_a_foreign_problem_and_rubric(
    recruiter: Client, people: People
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    foreign = ProblemVersionFactory.create(
        problem__organisation=people.other_organisation
    )
    rubric = RubricFactory.create(organisation=people.other_organisation)

    answer = recruiter.post(
        change_url(version.assessment),
        assessment_data(
            version, rubric=rubric.pk, **{"sections-problem": [foreign.pk]}
        ),
    )

    assert set(answer.context["adminform"].form.errors) == {"rubric", "sections"}
    assert version.assessment.versions.count() == 1
    page = recruiter.get(change_url(version.assessment)).content.decode()
    assert f'<option value="{foreign.pk}"' not in page


def test_assessment_form_offers_its_own_problems_beside_another_organisations(
    people: People,
) -> None:
    """Two requests at once: the second form must not change what the first offers."""
    own = ProblemVersionFactory.create(problem__organisation=people.organisation)
    ProblemVersionFactory.create(problem__organisation=people.other_organisation)

    def form_of(owner: Organisation) -> AssessmentForm:
        own: type[AssessmentForm] = type("OwnForm", (AssessmentForm,), {"owner": owner})
        return own()

    form = form_of(people.organisation)
    form_of(people.other_organisation)

    choice: Any = form.fields["sections"]
    assert list(choice.columns[0].field.queryset) == [own]
    assert f'value="{own.pk}"' in str(form["sections"])


def test_assessment_refuses_the_same_problem_twice(
    recruiter: Client, people: People
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    first = version.sections.get(position=0).problem_version_id

    answer = recruiter.post(
        change_url(version.assessment),
        assessment_data(version, **{"sections-problem": [first, first]}),
    )

    assert "twice" in " ".join(answer.context["adminform"].form.errors["sections"])


@pytest.mark.parametrize("page", ["interview", "invitation", "assessmentversion"])
def test_assessment_filter_offers_own_assessments_by_their_newest_titles(
    recruiter: Client, people: People, page: str
) -> None:
    first = AssessmentVersionFactory.create(
        organisation=people.organisation, title="Former title"
    )
    for title, number in (("Zoo keeper", 2), ("Zoo director", 3)):
        AssessmentVersionFactory.create(
            assessment=first.assessment, rubric=first.rubric, title=title, number=number
        )
    other = AssessmentVersionFactory.create(
        organisation=people.organisation, title="backend engineer"
    )
    AssessmentVersionFactory.create(
        organisation=people.other_organisation, title="Secret"
    )

    answer = recruiter.get(reverse(f"admin:interviews_{page}_changelist"))

    spec: Any
    [spec] = [
        one
        for one in answer.context["cl"].filter_specs
        if isinstance(one, NewestTitleFilter)
    ]
    assert spec.lookup_choices == [
        (other.assessment_id, "backend engineer"),
        (first.assessment_id, "Zoo director"),
    ]


def test_problem_filter_offers_own_problems_by_their_titles(
    recruiter: Client, people: People
) -> None:
    for owner, title in (
        (people.organisation, "Ladder"),
        (people.organisation, "Bridge"),
        (people.other_organisation, "Secret"),
    ):
        ProblemVersionFactory.create(problem__organisation=owner, title=title)

    answer = recruiter.get(reverse("admin:interviews_problemversion_changelist"))

    spec = answer.context["cl"].filter_specs[0]
    assert [title for _pk, title in spec.lookup_choices] == ["Bridge", "Ladder"]


def test_preview_makes_an_uncounted_interview_and_opens_it(
    recruiter: Client, people: People
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    url = reverse(
        "admin:interviews_assessment_do", args=[version.assessment_id, "preview"]
    )

    assert recruiter.get(url).status_code == 405
    answer = recruiter.post(url)

    interview = Interview.objects.get()
    assert interview.is_preview
    assert interview.candidate.is_preview
    assert answer["Location"].startswith(f"/i/{interview.invitation_id.hex}.1")
    shown = recruiter.get(reverse("admin:interviews_interview_changelist"))
    assert list(shown.context["cl"].result_list) == []
    assert AuditEntry.objects.get().action == "assessment.previewed"


@pytest.mark.parametrize("role", ["reviewer", "interviewer", "finance"])
def test_preview_is_for_owner_and_recruiter(
    client: Client, people: People, role: str
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    client.force_login(people.with_role(role))
    url = reverse(
        "admin:interviews_assessment_do", args=[version.assessment_id, "preview"]
    )

    assert client.post(url).status_code == 403
    assert not Interview.objects.exists()


def test_preview_by_a_stranger_is_not_there(client: Client, people: People) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    client.force_login(people.stranger)
    url = reverse(
        "admin:interviews_assessment_do", args=[version.assessment_id, "preview"]
    )

    assert client.post(url).status_code == 404


def rubric_data(rubric: Rubric, **changed: Any) -> dict[str, Any]:
    lines = [
        {
            "title": item.title,
            "dimension": item.dimension,
            "weight": item.weight,
            "good": item.good,
            "poor": item.poor,
        }
        for item in rubric.items.all()
    ]
    return {
        "title": rubric.title,
        **rows("lines", changed.pop("lines", lines)),
        **changed,
    }


def test_rubric_change_keeps_a_new_version(recruiter: Client, people: People) -> None:
    rubric = RubricFactory.create(organisation=people.organisation)
    before = list(rubric.items.values())

    recruiter.post(change_url(rubric), rubric_data(rubric, title="Better"))

    newest = Rubric.objects.get(slug=rubric.slug, number=2)
    assert (newest.title, newest.items.count()) == ("Better", len(before))
    rubric.refresh_from_db()
    assert rubric.title == "Engineering"
    assert list(rubric.items.values()) == before
    assert AuditEntry.objects.get().action == "rubric.version_added"


def test_rubric_weight_out_of_range_names_row_and_field(
    recruiter: Client, people: People
) -> None:
    rubric = RubricFactory.create(organisation=people.organisation)
    line = {
        "title": "Reads",
        "dimension": "technical",
        "weight": 11,
        "good": "g",
        "poor": "p",
    }

    answer = recruiter.post(change_url(rubric), rubric_data(rubric, lines=[line]))

    errors = " ".join(answer.context["adminform"].form.errors["lines"])
    assert errors.startswith("Row 1, Weight, 1 to 10:")
    assert Rubric.objects.count() == 1


def test_assistant_limits_are_kept_and_offered_again(
    recruiter: Client, people: People
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    limits = {
        "assistant_limits-name": ["asks_per_minute", "interview_cost_usd"],
        "assistant_limits-value": ["4", "1.50"],
    }

    recruiter.post(change_url(version.assessment), assessment_data(version, **limits))

    newest = version.assessment.versions.get(number=2)
    assert newest.assistant_limits == {
        "asks_per_minute": 4,
        "interview_cost_usd": "1.50",
    }
    page = recruiter.get(change_url(version.assessment)).content.decode()
    assert 'value="1.50"' in page


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        pytest.param("asks_per_minute", "11", "between 1 and 10", id="raised"),
        pytest.param("asks_per_minute", "many", "not a number", id="word"),
        pytest.param("interview_tokens", "1.5", "not a number", id="part"),
    ],
)
def test_assistant_limit_that_is_not_lower_is_refused(
    recruiter: Client, people: People, name: str, value: str, words: str
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    limits = {"assistant_limits-name": [name], "assistant_limits-value": [value]}

    answer = recruiter.post(
        change_url(version.assessment), assessment_data(version, **limits)
    )

    assert words in answer.content.decode()
    assert version.assessment.versions.count() == 1


@pytest.mark.parametrize(
    ("policy", "is_kept"),
    [
        pytest.param("agent", True, id="agent"),
        pytest.param("pair", False, id="pair"),
    ],
)
def test_only_an_agent_applies_its_edits_at_once(
    recruiter: Client, people: People, policy: str, is_kept: bool
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    data = assessment_data(version, policy=policy, applies_edits="on")

    answer = recruiter.post(change_url(version.assessment), data, follow=True)

    newest = version.assessment.versions.first()
    assert newest is not None
    assert newest.applies_edits is is_kept
    version.refresh_from_db()
    assert not version.applies_edits
    refused = "only where the assistant is an agent" in answer.content.decode()
    assert refused is not is_kept


def test_database_keeps_applied_edits_to_agents(people: People) -> None:
    with pytest.raises(IntegrityError):
        AssessmentVersionFactory.create(
            organisation=people.organisation, policy="pair", applies_edits=True
        )


@pytest.mark.parametrize("is_recorded", [True, False], ids=["recorded", "unrecorded"])
def test_screen_is_recorded_only_beside_the_camera(
    recruiter: Client, people: People, is_recorded: bool
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    data = assessment_data(version, records_screen="on")
    if not is_recorded:
        del data["is_recorded"]

    answer = recruiter.post(change_url(version.assessment), data, follow=True)

    newest = version.assessment.versions.first()
    assert newest is not None
    assert newest.records_screen is is_recorded
    refused = "only where camera and microphone are" in answer.content.decode()
    assert refused is not is_recorded


def test_facts_of_presence_are_noted_where_an_assessment_says_so(
    recruiter: Client, people: People
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)

    recruiter.post(
        change_url(version.assessment), assessment_data(version, notes_presence="on")
    )

    newest = version.assessment.versions.first()
    assert newest is not None
    assert (version.notes_presence, newest.notes_presence) == (False, True)


def test_database_keeps_the_screen_beside_the_camera(people: People) -> None:
    with pytest.raises(IntegrityError):
        AssessmentVersionFactory.create(
            organisation=people.organisation, is_recorded=False, records_screen=True
        )


def test_hints_are_switched_off_for_an_assessment(
    recruiter: Client, people: People
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    data = assessment_data(version)
    del data["has_hints"]

    recruiter.post(change_url(version.assessment), data)

    assert not version.assessment.versions.get(number=2).has_hints
