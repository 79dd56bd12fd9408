"""Time zones by their IANA names, and moments written in one of them."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _

# Areas of the database that name places; the rest are aliases and fixed offsets.
_AREAS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


@lru_cache(maxsize=1)
def _known_names() -> frozenset[str]:
    """Return all names of the database; asking it reads every file of it."""
    return frozenset(available_timezones())


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Return the names a person may choose from: UTC, then places in order."""
    names = (name for name in _known_names() if name.split("/")[0] in _AREAS)
    return ("UTC", *sorted(names))


def check_zone(name: str) -> None:
    """Raise ValidationError unless the name is empty or a zone of the database."""
    if name and name not in _known_names():
        text = _("“%(name)s” is not a time zone; write it like “Europe/Berlin”.")
        raise ValidationError(text, params={"name": name}, code="zone")


def zone_of(name: str) -> ZoneInfo:
    """Return the zone with this name; UTC where there is none, or none any more."""
    is_known = bool(name) and name in _known_names()
    return ZoneInfo(name if is_known else "UTC")


def offset_words(at: datetime) -> str:
    """Return how far the moment's zone is from UTC: “UTC+1”, “UTC−3:30”, “UTC”."""
    offset = at.utcoffset()
    minutes = 0 if offset is None else round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "−"
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")


def format_in_zone(at: datetime, name: str) -> str:
    """Return a moment as “Monday 1 December 2025, 09:00 (Europe/Berlin, UTC+1)”."""
    zone = zone_of(name)
    local = at.astimezone(zone)
    text = date_format(local, "l j F Y, H:i")
    offset = offset_words(local)
    if zone.key == "UTC":
        return f"{text} UTC"
    place = zone.key.replace("_", " ")
    return f"{text} ({place}, {offset})"
