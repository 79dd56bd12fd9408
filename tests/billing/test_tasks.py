"""What the sweep does about calls that never came back and alerts nobody heard of."""

from datetime import timedelta

import pytest
from django.conf import settings

from base.clock import now
from billing.enums import ReservationState
from billing.tasks import sweep
from tests.factories.billing import BudgetAlertFactory, ReservationFactory


@pytest.mark.django_db
def test_sweep_ends_late_reservations_and_tells_alerts() -> None:
    late = ReservationFactory.create(expires_at=now() - timedelta(seconds=1))
    open_still = ReservationFactory.create(expires_at=now() + timedelta(hours=1))
    alert = BudgetAlertFactory.create()
    sweep()

    for row in (late, open_still, alert):
        row.refresh_from_db()
    assert late.state == ReservationState.EXPIRED
    assert open_still.state == ReservationState.OPEN
    assert alert.told_at is not None


def test_sweep_runs_every_minute() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["billing.sweep"]
    assert entry == {"task": sweep.name, "schedule": timedelta(minutes=1)}
