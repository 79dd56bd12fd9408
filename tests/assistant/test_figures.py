"""Figures of models: sums and percentiles by hand, whose they are, and the page."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from assistant.figures import (
    ModelFigures,
    Spread,
    Which,
    find_percentiles,
    read_figures,
)
from interviews.models import Interview
from tests.factories.assistant import ModelCallFactory
from tests.factories.billing import UsageFactory
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGE = "figures:figures-show"


@pytest.fixture
def interview(people: People) -> Interview:
    made: Interview = InterviewFactory.create(organisation=people.organisation)
    return made


@pytest.fixture
def call(interview: Interview) -> Callable[..., Any]:
    """Return what writes a call of the interview."""

    def write(**values: Any) -> Any:
        return ModelCallFactory.create(**{"interview": interview, "at": DAY} | values)

    return write


def only(which: Which) -> ModelFigures:
    (figures,) = read_figures(which)
    return figures


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([], []),
        ([7], [7, 7, 7]),
        ([3, 1, 2, 4], [2, 4, 4]),
        (range(1, 101), [50, 95, 99]),
        (range(1, 201), [100, 190, 198]),
    ],
    ids=["none", "one", "four", "hundred", "two hundred"],
)
def test_percentiles_are_nearest_ranks(values: list[int], found: list[int]) -> None:
    assert list(find_percentiles(values)) == found


def test_figures_equal_those_by_hand(call: Callable[..., Any]) -> None:
    usage = UsageFactory.create(
        input_tokens=10,
        cache_write_5m_tokens=20,
        cache_write_1h_tokens=10,
        cache_read_tokens=270,
        output_tokens=40,
    )
    for number in range(1, 101):
        call(
            first_token_ms=number,
            duration_ms=number * 10,
            bytes_out=3,
            bytes_in=5,
            usage=usage if number == 1 else None,
        )
    call(error_code="api_error", first_token_ms=None, duration_ms=9_999, tries=1)
    call(tries=2, fallback_from="other", first_token_ms=None, duration_ms=500)

    figures = only(Which())

    assert figures.first_token == Spread(1, 50, 50, 95, 99, 100)
    assert figures.duration.p50 == 500
    assert figures.duration.most == 1_000
    assert (figures.calls, figures.failed) == (102, 1)
    assert (figures.retries, figures.fallbacks) == (1, 1)
    assert (figures.bytes_out, figures.bytes_in) == (300, 500)
    assert figures.input_tokens == 10
    assert figures.cache_share == 0.9
    assert figures.output_tokens == 40


def test_models_and_purposes_are_apart_and_the_busiest_comes_first(
    call: Callable[..., Any],
) -> None:
    call(asked="a", purpose="score")
    call(asked="b")
    call(asked="b")
    call(asked="a")

    found = [(each.model, each.purpose, each.calls) for each in read_figures(Which())]

    assert found == [("b", "chat", 2), ("a", "chat", 1), ("a", "score", 1)]


@pytest.mark.parametrize(
    "which",
    [
        Which(start=date(2026, 11, 21)),
        Which(end=date(2026, 11, 20)),
        Which(purpose="score"),
        Which(model="other"),
        Which(is_simulated=True),
    ],
    ids=["later", "earlier", "purpose", "model", "simulated"],
)
def test_other_calls_do_not_count(call: Callable[..., Any], which: Which) -> None:
    call()
    assert read_figures(which) == []
    assert only(Which(start=date(2026, 11, 20), end=date(2026, 11, 21))).calls == 1


def test_calls_that_all_failed_have_no_times(call: Callable[..., Any]) -> None:
    call(error_code="api_error", first_token_ms=None)

    figures = only(Which())

    assert figures.success == 0
    assert figures.duration == Spread()
    assert figures.cache_share is None


def show(client: Client, **asked: str) -> Any:
    days = {"period": "days", "start": "2026-11-20", "end": "2026-11-20"}
    return client.get(reverse(PAGE), days | asked)


def test_page_has_a_card_for_each_model_and_purpose(
    people: People, client: Client, call: Callable[..., Any]
) -> None:
    call(asked="model-one", first_token_ms=1_234)
    client.force_login(people.owner)

    answer = show(client)

    (card,) = answer.context["cards"]
    assert (card.title, card.purpose) == ("model-one", "Assistant")
    assert {fact.label: fact.figure for fact in card.facts}["Calls"] == "1"
    assert {line.first_token for line in card.lines} == {"1,234"}
    assert "model-one" in answer.content.decode()


def test_page_shows_nothing_of_another_organisation(
    people: People, client: Client
) -> None:
    ModelCallFactory.create(at=DAY)
    client.force_login(people.owner)

    assert show(client).context["cards"] == []


def test_simulated_calls_are_apart_and_shown_where_there_are_no_others(
    people: People, client: Client, call: Callable[..., Any]
) -> None:
    call(is_simulated=True)
    client.force_login(people.owner)
    answer = show(client)
    assert answer.context["is_simulated"]
    assert len(answer.context["cards"]) == 1

    call()
    answer = show(client)
    assert not answer.context["is_simulated"]
    assert len(answer.context["cards"]) == 1


def test_choice_that_cannot_be_says_why(people: People, client: Client) -> None:
    client.force_login(people.owner)

    answer = show(client, start="2026-11-21", end="2026-11-20")

    assert answer.status_code == 400
    assert "The last day is before the first." in answer.content.decode()


@pytest.mark.parametrize("role", ["recruiter", "reviewer", "interviewer", "finance"])
def test_page_is_the_owners(people: People, client: Client, role: str) -> None:
    client.force_login(getattr(people, role))
    assert show(client).status_code == 403


def test_stranger_is_sent_away(client: Client) -> None:
    assert show(client).status_code == 302


def test_page_costs_the_same_at_any_length(
    people: People,
    client: Client,
    call: Callable[..., Any],
    django_assert_max_num_queries: Any,
) -> None:
    client.force_login(people.owner)
    for number in range(8):
        call(asked=f"model-{number}")

    with django_assert_max_num_queries(14):
        show(client)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("model_figures", *arguments, stdout=out)
    return out.getvalue()


def test_command_prints_a_table_csv_and_json(
    people: People, call: Callable[..., Any]
) -> None:
    call(asked="model-one", first_token_ms=400)

    slug = people.organisation.slug
    (row,) = json.loads(run("--json", "--organisation", slug))
    assert (row["model"], row["calls"], row["first_token_p99"]) == ("model-one", 1, 400)
    heading, line = run("--csv").splitlines()
    assert heading.startswith("provider,model,purpose,calls,")
    assert line.startswith("anthropic,model-one,chat,1,")
    assert "model-one" in run()
    assert "model-one" not in run("--simulated")


def test_command_refuses_an_unknown_organisation() -> None:
    with pytest.raises(CommandError):
        run("--organisation", "nobody")
