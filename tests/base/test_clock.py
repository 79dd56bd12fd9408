"""The product's time."""

from datetime import UTC, datetime, timedelta

from base.clock import at_time, now, to_milliseconds


def test_at_time_holds_inside_only() -> None:
    past = datetime(2026, 1, 2, tzinfo=UTC)

    with at_time(past):
        inside = now()

    assert inside == past
    assert now() > past


def test_milliseconds_of_a_negative_duration_round_down() -> None:
    assert to_milliseconds(timedelta(microseconds=-1)) == -1
