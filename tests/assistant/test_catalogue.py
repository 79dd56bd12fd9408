"""Models as data: versions, purposes, cohorts, and what auto means."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import AuditEntry, User
from assistant.catalogue import (
    AUTO,
    AutoRow,
    ModelFacts,
    read_catalogue,
    route,
    shipped_facts,
)
from assistant.configuration import read_configuration
from assistant.enums import ModelPurpose
from assistant.models import ModelAssignment, ModelChoice, ModelVersion
from assistant.services.catalogue import (
    add_version,
    choose_model,
    find_facts,
    import_shipped_models,
    measure_turn,
    open_cohort,
    plan_score,
    plan_turn,
)
from assistant.services.prompts import import_shipped_prompts
from assistant.services.turns import ask
from base.clock import now
from base.immutable import ImmutableError
from billing.services.pricing import find_price
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.assistant import ContextEpochFactory
from tests.factories.interviews import DocumentFactory, InterviewFactory
from tests.factories.people import People

pytestmark = pytest.mark.django_db

CHAT, SCORE = ModelPurpose.CHAT, ModelPurpose.SCORE


@pytest.fixture(autouse=True)
def _models(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ANTHROPIC_MODEL = "claude-sonnet-5-5"
    import_shipped_models()


def invited(version: object = None) -> Interview:
    more = {} if version is None else {"assessment_version": version}
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE, **more)
    return made


def test_every_active_model_has_a_price() -> None:
    for facts in read_catalogue().model:
        if facts.lifecycle != "active":
            continue
        price = find_price("anthropic", facts.name, at=now(), prompt_tokens=0)
        assert price is not None, facts.name


def test_what_auto_means_is_in_the_catalogue() -> None:
    known = {facts.name for facts in read_catalogue().model}
    assert {row.model for row in read_catalogue().auto} <= known


def test_import_adds_what_changed_and_leaves_an_operators_version(
    tmp_path: Path,
) -> None:
    assert import_shipped_models() == 0
    name = "claude-opus-5-5"
    add_version(shipped_facts(name).model_copy(update={"output_tokens": 9}))
    assert import_shipped_models() == 0
    assert find_facts(name).output_tokens == 9

    newer = tmp_path / "models.toml"
    newer.write_text(f'[[model]]\nname = "{name}"\noutput_tokens = 64000\n')
    assert import_shipped_models(newer) == 1
    assert find_facts(name).output_tokens == 64_000
    assert ModelVersion.objects.filter(name=name).count() == 3


def test_new_kind_of_fact_makes_no_new_version_of_every_model() -> None:
    facts = ModelFacts(name="claude-x")
    known = '{"name":"claude-x","title":"","context_tokens":200000,'
    assert facts.spell().startswith(known)
    assert "tools" not in facts.spell().replace("forced_tools", "")
    assert '"eager_tools":false' in ModelFacts(name="x", eager_tools=False).spell()


def test_version_is_never_changed() -> None:
    version = ModelVersion.objects.first()
    assert version is not None
    version.facts = {}
    with pytest.raises(ImmutableError):
        version.save()


def test_facts_that_could_not_be_read_are_refused() -> None:
    version = ModelVersion(name="m", number=1, facts={"effort": ["enormous"]})
    with pytest.raises(ValidationError, match="effort"):
        version.clean()


def test_unknown_model_is_sent_only_what_any_takes() -> None:
    assert find_facts("never-heard-of") == ModelFacts(name="never-heard-of")


def test_model_of_a_cohort_stays_whatever_is_chosen_later(settings: Settings) -> None:
    interview = invited()
    first = choose_model(CHAT, interview)
    settings.ANTHROPIC_MODEL = "claude-opus-5-5"
    ModelAssignment.objects.create(purpose=CHAT, model="claude-haiku-5-5")

    again = choose_model(CHAT, interview)
    late = choose_model(CHAT, invited(interview.assessment_version))
    other = choose_model(CHAT, invited())

    assert (first.name, first.cohort) == ("claude-sonnet-5-5", 1)
    assert again == first == late
    assert other.name == "claude-haiku-5-5"


def test_change_opens_a_cohort_for_interviews_made_afterwards() -> None:
    interview = invited()
    version, actor = (
        interview.assessment_version,
        MembershipFactory.create(organisation=interview.organisation).user,
    )
    choose_model(CHAT, interview)
    change: dict[str, Any] = {
        "purpose": CHAT,
        "model": "claude-opus-5-5",
        "actor": actor,
    }
    choice = open_cohort(version, **change)
    assert open_cohort(version, **change) == choice

    Interview.objects.filter(pk=interview.pk).update(
        created_at=now() - timedelta(days=1)
    )
    interview.refresh_from_db()
    later = choose_model(CHAT, invited(version))

    assert (later.name, later.cohort) == ("claude-opus-5-5", 2)
    assert choose_model(CHAT, interview).cohort == 1
    assert AuditEntry.objects.filter(action="model.cohort_opened").count() == 1
    assert ModelChoice.objects.filter(assessment_version=version).count() == 2


def test_each_purpose_has_its_own_model(settings: Settings) -> None:
    settings.ANTHROPIC_SCORE_MODEL = "claude-opus-5-5"
    interview = invited()

    assert plan_score(interview)[0].model == "claude-opus-5-5"
    assert choose_model(CHAT, interview).name == "claude-sonnet-5-5"


@pytest.mark.parametrize(
    ("kind", "size", "model"),
    [
        ("talk", 100, "small"),
        ("talk", 101, "large"),
        ("code", 1, "large"),
    ],
)
def test_auto_goes_by_size_and_kind(kind: str, size: int, model: str) -> None:
    rows = [
        AutoRow(model="small", kind="talk", up_to_tokens=100),
        AutoRow(model="large"),
    ]
    assert route(rows, kind=kind, size_tokens=size) == model  # type: ignore[arg-type]


def test_auto_is_kept_as_the_cohorts_choice_and_decides_each_turn(
    settings: Settings,
) -> None:
    settings.ANTHROPIC_MODEL = AUTO
    interview = invited()

    small = choose_model(CHAT, interview)
    large = choose_model(CHAT, interview, size_tokens=10**6)
    code = choose_model(CHAT, interview, kind="code")

    assert small.name != large.name == code.name
    assert small.is_auto
    assert ModelChoice.objects.get().model == AUTO
    assert read_configuration().model != AUTO


def test_auto_goes_up_within_an_epoch_and_never_down(settings: Settings) -> None:
    import_shipped_prompts()
    settings.ANTHROPIC_MODEL = AUTO
    small, large = [row.model for row in read_catalogue().auto]
    turn, _is_new = ask(invited().pk, client_id="client-1", text="Help")
    assert plan_turn(turn)[0].model == small

    epoch = ContextEpochFactory.create(conversation=turn.conversation, model=large)
    assert plan_turn(turn)[0].model == large

    epoch.delete()
    ContextEpochFactory.create(conversation=turn.conversation, model="another")
    assert plan_turn(turn)[0].model == small


def test_auto_counts_the_files_that_go_along(settings: Settings) -> None:
    import_shipped_prompts()
    settings.ANTHROPIC_MODEL = AUTO
    interview = invited()
    document = DocumentFactory.create(interview=interview, text="x" * 7_000)
    turn, _is_new = ask(
        interview.pk, client_id="client-1", text="Help", files=[document.path]
    )
    size, kind = measure_turn(turn.pk)
    assert size > 2_000
    assert kind == "code"


def test_turn_is_planned_with_those_who_stand_in(settings: Settings) -> None:
    import_shipped_prompts()
    settings.ASSISTANT_FALLBACK_MODELS = [
        "claude-haiku-4-5",
        "claude-sonnet-5-5",
        "claude-opus-5-5",
    ]
    turn, _is_new = ask(invited().pk, client_id="client-1", text="Help")

    plan = plan_turn(turn)

    assert [target.model for target in plan] == [
        "claude-sonnet-5-5",
        "claude-haiku-4-5",
        "claude-opus-5-5",
    ]
    assert [target.known_facts().context_tokens for target in plan] == [
        1_000_000,
        200_000,
        1_000_000,
    ]


def run_models(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("models", "--json", *arguments, stdout=out)
    facts: dict[str, Any] = json.loads(out.getvalue())
    return facts


def test_command_lists_assigns_and_opens_a_cohort() -> None:
    interview = invited()
    assessment = interview.assessment_version.assessment

    run_models("assign", "hint", "claude-haiku-5-5", "--note", "cheaper")
    run_models("cohort", assessment.slug, "chat", "claude-opus-5-5")
    listed = run_models("list")

    purposes = {each["purpose"]: each["model"] for each in listed["purpose"]}
    assert purposes["hint"] == "claude-haiku-5-5"
    used = {each["name"] for each in listed["model"] if each["in_use"]}
    assert "claude-opus-5-5" in used
    newest = ModelChoice.objects.order_by("cohort").last()
    assert newest is not None
    assert (newest.cohort, newest.model) == (2, "claude-opus-5-5")


def test_command_refuses_an_assessment_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="There are 0"):
        run_models("cohort", "nowhere", "chat", "m")


def operator() -> User:
    made: User = UserFactory.create(email="ops@host.example", is_superuser=True)
    return made


def test_operator_alone_writes_the_next_version_of_a_model(
    people: People, client: Client
) -> None:
    address = reverse("admin:assistant_modelversion_add")
    for person in (people.owner, people.recruiter, people.stranger):
        client.force_login(person, "django.contrib.auth.backends.ModelBackend")
        assert client.get(address).status_code == 403
    client.force_login(operator(), "django.contrib.auth.backends.ModelBackend")
    facts = {"output_tokens": 500, "lifecycle": "deprecated"}
    data = {"name": "claude-opus-5-5", "facts": json.dumps(facts), "note": "cut"}

    form = client.get(address).content.decode()
    refused = client.post(address, data | {"facts": '{"effort": ["enormous"]}'})
    client.post(address, data)

    assert "say false to strict_tools or eager_tools" in form
    assert "effort" in refused.content.decode()
    newest = find_facts("claude-opus-5-5")
    assert (newest.output_tokens, newest.lifecycle) == (500, "deprecated")
    assert ModelVersion.objects.filter(name="claude-opus-5-5").count() == 2
