"""Editors, documents and disk end up the same, whatever happened in whatever order."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.interviews.workspace.convergence import Converging

pytestmark = pytest.mark.django_db


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Converging,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_all_converge() -> None:
    run(examples=15, steps=30)


@pytest.mark.long
def test_all_converge_for_long() -> None:
    run(examples=400, steps=60)
