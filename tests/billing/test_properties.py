"""Whatever happens in whatever order, and wherever it crashes, the sums agree."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.billing.machine import Meters

pytestmark = pytest.mark.django_db


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Meters,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_sums_always_agree() -> None:
    run(examples=10, steps=20)


@pytest.mark.long
def test_sums_always_agree_for_long() -> None:
    run(examples=120, steps=50)
