"""The prompt pages: read by role, changed by the operator alone."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import Role
from accounts.models import AuditEntry, User
from accounts.permissions import VIEW, is_allowed
from assistant.enums import ExperimentState
from assistant.models import PromptActivation, PromptExperiment, PromptVersion
from assistant.services.activation import activate_prompt
from assistant.services.prompts import active_prompt
from tests.assistant.prompts import CHAT_TEXT, chat_prompt, chat_version, running
from tests.factories.accounts import UserFactory
from tests.factories.assistant import PromptExperimentFactory, TurnFactory
from tests.factories.people import People

pytestmark = pytest.mark.django_db


def url(name: str, *args: object) -> str:
    return reverse(f"admin:assistant_{name}", args=args)


@pytest.fixture
def operator(people: People) -> Client:
    client = Client()
    client.force_login(UserFactory.create(email="ops@host.example", is_superuser=True))
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def changes(people: People) -> list[tuple[str, dict[str, Any]]]:
    """Return every address that changes something, with what it takes."""
    version, prompt = chat_version(), chat_prompt()
    experiment = running(version, chat_version())
    step = ("promptexperiment_do", experiment.pk)
    return [
        (url("promptversion_activate", version.pk), {"seen": prompt.active_id}),
        (url("prompt_rollback", prompt.pk), {"seen": prompt.active_id}),
        (url("promptversion_add"), {"prompt": prompt.pk, "text": CHAT_TEXT}),
        (url("promptexperiment_add"), {"name": "mine"}),
        (url(*step, "weights"), {}),
        (url(*step, "stop"), {}),
        (url(*step, "start"), {}),
        (url(*step, "discard"), {}),
    ]


@pytest.mark.parametrize("role", list(Role), ids=str)
def test_roles_read_what_the_table_says_and_change_nothing(
    role: Role, people: People, client: Client
) -> None:
    prompt, version = chat_prompt(), chat_version()
    addresses = changes(people)
    client.force_login(people.with_role(role))
    compare = f"{url('prompt_compare', prompt.pk)}?before=1&after={version.number}"
    reads = [
        url("prompt_change", prompt.pk),
        url("promptversion_change", version.pk),
        url("promptexperiment_change", PromptExperiment.objects.get().pk),
        compare,
    ]
    expected = 200 if is_allowed(role, VIEW, "prompt") else 403
    assert [client.get(read).status_code for read in reads] == [expected] * 4

    before = PromptVersion.objects.count(), active_prompt("chat")
    statuses = {client.post(*change).status_code for change in addresses}

    assert statuses == {403}
    assert (PromptVersion.objects.count(), active_prompt("chat")) == before
    assert PromptExperiment.objects.get().state == ExperimentState.RUNNING


def test_nobody_and_strangers_get_no_further(people: People, client: Client) -> None:
    addresses = changes(people)
    assert {client.post(*change).status_code for change in addresses} == {302}

    client.force_login(people.stranger)
    assert {client.post(*change).status_code for change in addresses} == {403}
    assert PromptExperiment.objects.get().state == ExperimentState.RUNNING


def test_changing_addresses_take_no_get(people: People, operator: Client) -> None:
    addresses = [
        address for address, _values in changes(people) if not address.endswith("add/")
    ]

    assert {operator.get(address).status_code for address in addresses} == {405}


def test_recruiting_staff_is_offered_nothing_to_change(
    people: People, client: Client
) -> None:
    version = chat_version()
    client.force_login(people.owner)

    text = page(client, url("prompt_change", version.prompt_id))

    assert "New draft" not in text
    assert "Put into use" not in text


def test_version_comes_into_use_after_the_difference_was_seen(
    people: People, operator: Client
) -> None:
    before, version = active_prompt("chat"), chat_version()
    address = url("promptversion_activate", version.pk)

    asked = operator.post(address).content.decode()
    assert f"v{version.number} takes the place of v{before.number}" in asked
    assert "pd-removed" in asked
    assert active_prompt("chat") == before

    done = operator.post(address, {"seen": before.pk, "reason": "clearer"}, follow=True)
    assert "is in use from the next answer on" in done.content.decode()
    assert active_prompt("chat") == version
    change = PromptActivation.objects.latest("pk")
    assert (change.reason, change.actor) == (
        "clearer",
        User.objects.get(email="ops@host.example"),
    )
    entry = AuditEntry.objects.get(
        action="prompt.activated", organisation=people.organisation
    )
    assert entry.actor == change.actor


def test_difference_is_shown_again_if_another_came_into_use_meanwhile(
    operator: Client,
) -> None:
    before, mine, theirs = active_prompt("chat"), chat_version(), chat_version()
    activate_prompt(theirs, actor=None)

    answer = operator.post(url("promptversion_activate", mine.pk), {"seen": before.pk})

    assert f"takes the place of v{theirs.number}" in answer.content.decode()
    assert active_prompt("chat") == theirs


def test_rollback_takes_one_click_and_asks_only_where_the_page_is_old(
    operator: Client,
) -> None:
    before, version = active_prompt("chat"), chat_version()
    activate_prompt(version, actor=None)
    address = url("prompt_rollback", before.prompt_id)
    shown = page(operator, url("prompt_change", before.prompt_id))
    form = shown[shown.index(f'action="{address}"') :]
    form = form[: form.index("</form>")]
    assert f"Roll back to v{before.number}" in form
    (seen,) = re.findall(r'name="seen" value="(\d+)"', form)

    asked = operator.post(address, {"seen": before.pk}).content.decode()
    assert f"v{before.number} takes the place of v{version.number}" in asked
    assert active_prompt("chat") == version
    operator.post(address, {"seen": seen})
    assert active_prompt("chat") == before

    answer = operator.post(address, {"seen": before.pk}, follow=True)
    assert "No other version was in use" in answer.content.decode()


def test_draft_starts_from_a_version_and_is_edited(operator: Client) -> None:
    source = active_prompt("chat")
    form = (
        operator.get(f"{url('promptversion_add')}?from={source.pk}")
        .context["adminform"]
        .form
    )
    assert (form["text"].value(), form["prompt"].value()) == (
        source.text,
        source.prompt_id,
    )

    values = {"prompt": source.prompt_id, "text": f"{source.text}\r\nMore.", "note": ""}
    assert operator.post(url("promptversion_add"), values).status_code == 302
    draft = PromptVersion.objects.latest("pk")
    assert draft.text == f"{source.text}\nMore."
    assert draft.is_draft
    assert draft.author == User.objects.get(email="ops@host.example")

    address = url("promptversion_change", draft.pk)
    assert operator.post(address, {"text": CHAT_TEXT, "note": "n"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.text, draft.note) == (CHAT_TEXT, "n")
    assert AuditEntry.objects.filter(action="prompt.edited").exists()


def test_faulty_draft_is_named_beside_the_text_and_kept_in_the_form(
    operator: Client,
) -> None:
    count = PromptVersion.objects.count()
    values = {"prompt": chat_prompt().pk, "text": "{{ salary }} <b>", "note": ""}

    answer = operator.post(url("promptversion_add"), values)

    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors["text"]
    assert any("salary" in error for error in errors)
    assert any("“{{ statement }}” is missing." in error for error in errors)
    assert "{{ salary }} &lt;b&gt;" in answer.content.decode()
    assert PromptVersion.objects.count() == count


def test_fixed_version_has_no_form_and_stays(operator: Client) -> None:
    version = active_prompt("chat")
    address = url("promptversion_change", version.pk)

    assert "To change it, start a new draft" in page(operator, address)
    assert operator.post(address, {"text": CHAT_TEXT}).status_code == 403
    delete = url("promptversion_delete", version.pk)
    assert operator.post(delete, {"post": "yes"}).status_code == 403
    assert active_prompt("chat").text == version.text


def test_draft_is_deleted_with_a_line_in_the_audit(operator: Client) -> None:
    draft = chat_version()

    operator.post(url("promptversion_delete", draft.pk), {"post": "yes"})

    assert not PromptVersion.objects.filter(pk=draft.pk).exists()
    assert AuditEntry.objects.filter(action="prompt.discarded").exists()


def test_comparison_escapes_what_it_shows(operator: Client) -> None:
    one = chat_version(f"{CHAT_TEXT} <script>alert(1)</script> here")
    two = chat_version(f"{CHAT_TEXT} <script>alert(2)</script> here")
    address = url("prompt_compare", one.prompt_id)

    text = page(operator, f"{address}?before={one.number}&after={two.number}")

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(" in text.replace("<del>", "").replace("<ins>", "")
    assert "<del>1</del>" in text
    assert "<ins>2</ins>" in text
    assert " style=" not in text.partition('class="pd"')[2].partition("</div>")[0]


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 302), ("?before=x&after=1", 302), ("?before=1&after=9999", 404)],
    ids=["nothing", "no-number", "no-version"],
)
def test_comparison_needs_two_versions(
    operator: Client, query: str, status: int
) -> None:
    address = url("prompt_compare", chat_prompt().pk)

    assert operator.get(f"{address}{query}").status_code == status


def shares(*pairs: tuple[PromptVersion, int]) -> dict[str, Any]:
    return {
        "shares-version": [version.pk for version, _weight in pairs],
        "shares-weight": [weight for _version, weight in pairs],
    }


def test_experiment_is_set_up_started_weighed_and_stopped_with_a_winner(
    operator: Client,
) -> None:
    one, two = chat_version(), chat_version()
    form = operator.get(f"{url('promptexperiment_add')}?prompt={one.prompt_id}")
    assert len(form.context["adminform"].form["shares"].value()) == 2

    values = {"name": "brief", **shares((one, 1), (two, 2))}
    assert operator.post(url("promptexperiment_add"), values).status_code == 302
    experiment = PromptExperiment.objects.get()
    address = url("promptexperiment_change", experiment.pk)
    assert "Start" in page(operator, address)

    operator.post(url("promptexperiment_do", experiment.pk, "start"))
    first, second = experiment.variants.order_by("pk")
    weights = {f"weight-{first.pk}": "5", f"weight-{second.pk}": "0"}
    operator.post(url("promptexperiment_do", experiment.pk, "weights"), weights)
    first.refresh_from_db()
    assert first.weight == 5
    assert "Fewer than 30 interviews" in page(operator, address)

    stop = url("promptexperiment_do", experiment.pk, "stop")
    operator.post(stop, {"winner": chat_version().pk})
    assert PromptExperiment.objects.get().state == ExperimentState.RUNNING
    operator.post(stop, {"winner": two.pk, "reason": "better"})
    assert PromptExperiment.objects.get().state == ExperimentState.STOPPED
    assert active_prompt("chat") == two
    assert "Stop the experiment" not in page(operator, address)


@pytest.mark.parametrize("value", ["", "x", "-1", "1001"], ids=str)
def test_weight_that_is_none_is_refused(operator: Client, value: str) -> None:
    experiment = running(chat_version(), chat_version())
    first, second = experiment.variants.order_by("pk")
    weights = {f"weight-{first.pk}": value, f"weight-{second.pk}": "1"}

    operator.post(url("promptexperiment_do", experiment.pk, "weights"), weights)

    first.refresh_from_db()
    assert first.weight == 1


def test_experiment_of_a_wrong_shape_is_named_in_the_form(operator: Client) -> None:
    one = chat_version()
    values = {"name": "brief", **shares((one, 1), (one, 1))}

    answer = operator.post(url("promptexperiment_add"), values)

    assert "Each version once." in answer.content.decode()
    assert not PromptExperiment.objects.exists()


def test_unknown_step_or_experiment_is_not_there(operator: Client) -> None:
    experiment = PromptExperimentFactory.create()

    for args in ((experiment.pk, "explode"), (0, "start")):
        address = url("promptexperiment_do", *args)
        assert operator.post(address).status_code == 404
    address = url("promptexperiment_do", experiment.pk, "discard")
    assert operator.post(address).status_code == 302
    assert not PromptExperiment.objects.exists()


def test_lists_cost_the_same_at_any_length(operator: Client) -> None:
    chat_version()
    PromptExperimentFactory.create()
    lists = [
        url(f"{name}_changelist")
        for name in ("prompt", "promptversion", "promptexperiment")
    ]
    counts = []
    for more in (0, 2):
        for _ in range(more):
            chat_version()
            PromptExperimentFactory.create()
        page(operator, lists[0])
        counted = []
        for address in lists:
            with CaptureQueriesContext(connection) as queries:
                page(operator, address)
            counted.append(len(queries))
        counts.append(counted)
    assert counts[0] == counts[1]


def test_prompt_page_costs_the_same_at_any_length(operator: Client) -> None:
    prompt = chat_prompt()
    counts = []
    for more in (1, 3):
        for _ in range(more):
            version = chat_version()
            activate_prompt(version, actor=None)
            TurnFactory.create(prompt_version=version)
        page(operator, url("prompt_change", prompt.pk))
        with CaptureQueriesContext(connection) as queries:
            page(operator, url("prompt_change", prompt.pk))
        counts.append(len(queries))
    assert counts[0] == counts[1]
