"""Lengths of time in words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def format_seconds(seconds: int) -> str:
    """Return “1 h 5 min”, “41 min 10 s” or “8 s”; negative ones with a minus sign."""
    if seconds < 0:
        return f"−{format_seconds(-seconds)}"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        _("%(n)d h") % {"n": hours} if hours else "",
        _("%(n)d min") % {"n": minutes} if minutes else "",
        _("%(n)d s") % {"n": rest} if rest or not (hours or minutes) else "",
    ]
    return " ".join(part for part in parts if part)


def format_minutes(seconds: int) -> str:
    """Return “90 minutes”, as one agrees on it; empty for nothing."""
    if not seconds:
        return ""
    minutes, rest = divmod(seconds, 60)
    if rest:
        return format_seconds(seconds)
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
