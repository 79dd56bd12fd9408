"""Moments in the candidate's zone, which is always named."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from interviews.timewords import format_minutes, format_seconds
from interviews.zones import check_zone, format_in_zone, zone_names, zone_of

WINTER = datetime(2026, 1, 15, 8, tzinfo=UTC)
SUMMER = datetime(2026, 7, 15, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        (
            WINTER,
            "Europe/Berlin",
            "Thursday 15 January 2026, 09:00 (Europe/Berlin, UTC+1)",
        ),
        (
            SUMMER,
            "Europe/Berlin",
            "Wednesday 15 July 2026, 10:00 (Europe/Berlin, UTC+2)",
        ),
        (
            WINTER,
            "America/St_Johns",
            "Thursday 15 January 2026, 04:30 (America/St Johns, UTC−3:30)",
        ),
        (
            WINTER,
            "Pacific/Kiritimati",
            "Thursday 15 January 2026, 22:00 (Pacific/Kiritimati, UTC+14)",
        ),
        (WINTER, "", "Thursday 15 January 2026, 08:00 UTC"),
        (WINTER, "UTC", "Thursday 15 January 2026, 08:00 UTC"),
        (WINTER, "Mars/Olympus", "Thursday 15 January 2026, 08:00 UTC"),
    ],
    ids=["winter", "summer", "half hours", "far east", "none", "UTC", "forgotten"],
)
def test_moment_is_written_in_the_zone_and_says_which(
    at: datetime, zone: str, expected: str
) -> None:
    assert format_in_zone(at, zone) == expected


@pytest.mark.parametrize("name", ["", "UTC", "Europe/Berlin", "America/St_Johns"])
def test_names_of_the_database_are_zones(name: str) -> None:
    check_zone(name)


@pytest.mark.parametrize(
    "name", ["Berlin", "europe/berlin", "../etc/passwd", "UTC+1", " ", "Mars/Olympus"]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        check_zone(name)


def test_every_zone_that_is_offered_is_one() -> None:
    names = zone_names()

    assert len(names) > 300
    assert names[0] == "UTC"
    assert all(str(zone_of(name)) == name for name in names)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (40, "40 s"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min 1 s"),
        (-90, "−1 min 30 s"),
    ],
)
def test_lengths_are_said_to_the_second(seconds: int, words: str) -> None:
    assert format_seconds(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, ""), (60, "1 minute"), (5400, "90 minutes"), (3375, "56 min 15 s")],
)
def test_agreed_time_is_said_in_minutes(seconds: int, words: str) -> None:
    assert format_minutes(seconds) == words
