"""Sixty requests a minute for an organisation, and who may take them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connections
from pytest_django import Settings

from assistant.errors import TooManyAsksError
from assistant.models import Turn
from assistant.services.hints import take_hint
from assistant.services.request_limits import take_request
from assistant.services.turns import ask
from base.clock import now
from tests.assistant.requests import START, leave, set_bucket, taken
from tests.assistant.toolbox import make_interview
from tests.factories.accounts import OrganisationFactory


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still: nothing comes back by itself."""
    with time_machine.travel(START, tick=False) as clock:
        yield clock


# The bucket


@pytest.mark.django_db
def test_requests_come_back_one_by_one_and_exactly_when_it_was_said(
    clock: time_machine.Traveller,
) -> None:
    organisation, other = OrganisationFactory.create_batch(2)
    taken = [take_request(organisation.pk, is_asked=True) for _ in range(62)]
    assert taken == [0.0] * 60 + [1.0] * 2
    assert take_request(other.pk, is_asked=True) == 0

    clock.shift(timedelta(seconds=0.99))
    assert take_request(organisation.pk, is_asked=True) == pytest.approx(0.01)
    clock.shift(timedelta(seconds=0.01))
    assert take_request(organisation.pk, is_asked=True) == 0
    assert take_request(organisation.pk, is_asked=True) == 1.0
    clock.shift(timedelta(hours=1))
    taken = [take_request(organisation.pk, is_asked=True) for _ in range(61)]
    assert taken == [0.0] * 60 + [1.0]


@pytest.mark.django_db
def test_chains_leave_a_part_to_those_who_ask() -> None:
    organisation = OrganisationFactory.create()
    taken = [take_request(organisation.pk) for _ in range(51)]
    assert taken == [0.0] * 50 + [1.0]

    asked = [take_request(organisation.pk, is_asked=True) for _ in range(11)]
    assert asked == [0.0] * 10 + [1.0]
    assert take_request(organisation.pk) == 11.0


@pytest.mark.django_db
@pytest.mark.parametrize("most", [1, 7, 60, 4_000])
def test_minute_holds_as_many_as_the_setting_says(
    settings: Settings, most: int
) -> None:
    settings.LIMITS = {**settings.LIMITS, "requests_per_minute": most}
    organisation = OrganisationFactory.create()
    # All but two are gone already.
    part = timedelta(microseconds=60_000_000 // most)
    set_bucket(organisation.pk, full_at=now() + part * max(most - 2, 0))
    left = min(most, 2)

    for _number in range(left):
        assert take_request(organisation.pk, is_asked=True) == 0
    wait = take_request(organisation.pk, is_asked=True)

    assert wait == pytest.approx(60 / most, abs=0.005)


@pytest.mark.django_db(transaction=True)
def test_calls_at_the_same_moment_never_get_more_than_there_is(
    settings: Settings,
) -> None:
    settings.LIMITS = {**settings.LIMITS, "requests_per_minute": 5}
    organisation = OrganisationFactory.create()
    barrier = Barrier(8)

    def take(_number: int) -> float:
        try:
            barrier.wait()
            return take_request(organisation.pk, is_asked=True)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(take, range(8)))

    assert sum(not wait for wait in waits) == 5


# Who asks


@pytest.mark.django_db
def test_question_over_the_limit_is_refused_and_nothing_of_it_is_kept(
    clock: time_machine.Traveller,
) -> None:
    interview = make_interview()
    leave(interview, 12.5, is_asked=True)
    with pytest.raises(TooManyAsksError) as refused:
        ask(interview.pk, client_id="ask-0001", text="Why?")

    assert (refused.value.retry_after, refused.value.retryable) == (12.5, True)
    assert not Turn.objects.exists()
    clock.shift(timedelta(seconds=12.5))
    ask(interview.pk, client_id="ask-0001", text="Why?")
    assert taken(interview) == 60


@pytest.mark.django_db
def test_repeated_question_takes_one_request() -> None:
    interview = make_interview()
    for _again in range(3):
        ask(interview.pk, client_id="ask-0001", text="Why?")
    assert taken(interview) == 1


@pytest.mark.django_db
def test_hint_of_a_model_over_the_limit_is_refused() -> None:
    interview = make_interview()
    leave(interview, 3, is_asked=True)
    own = [take_hint(interview.pk, client_id=f"hint-000{n}") for n in range(2)]
    assert [is_begun for _hint, is_begun in own] == [False, False]

    with pytest.raises(TooManyAsksError) as refused:
        take_hint(interview.pk, client_id="hint-0003")

    assert refused.value.retry_after == 3.0
