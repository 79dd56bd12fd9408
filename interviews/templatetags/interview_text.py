"""Filters that put values of an interview into words."""

from datetime import UTC, datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from interviews.forms import DeviceCode
from interviews.timewords import format_minutes
from interviews.zones import format_in_zone

register = template.Library()


@register.filter
def duration(seconds: int) -> str:
    """Return “41 min 10 s”, “1 h 5 min” or “8 s”."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours and not minutes:
        return _("%(hours)d h") % {"hours": hours}
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    if minutes and rest:
        return _("%(minutes)d min %(seconds)d s") % {
            "minutes": minutes,
            "seconds": rest,
        }
    if minutes:
        return _("%(minutes)d min") % {"minutes": minutes}
    return _("%(seconds)d s") % {"seconds": rest}


@register.filter
def file_size(size: int) -> str:
    """Return “12 bytes”, “12 KB” or “1.2 MB”, as static/js/lib/sizes.js has it."""
    if size < 1000:
        return ngettext("%(count)d byte", "%(count)d bytes", size) % {"count": size}
    amount, *units = size / 1000, "KB", "MB", "GB"
    while amount >= 999.5 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    rounded = f"{amount:.1f}".removesuffix(".0") if amount < 9.95 else f"{amount:.0f}"
    return f"{rounded} {units[0]}"


@register.filter
def device_code(code: str) -> str:
    """Return the words for a code of the device check."""
    return str(DeviceCode(code).label) if code in DeviceCode.values else code


@register.filter
def minutes(seconds: int) -> str:
    """Return “90 minutes”, or “56 min 15 s” where it is no whole number."""
    return format_minutes(seconds)


@register.simple_tag
def moment_in(at: datetime, zone: str) -> SafeString:
    """Return a time in a zone that is named; lib/zones.js adds the reader's own."""
    return format_html(
        '<time datetime="{}" data-zoned>{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        format_in_zone(at, zone),
    )


@register.simple_tag
def moment(at: datetime) -> SafeString:
    """Return a time with its zone; lib/localtime.js shows it in the reader's own."""
    universal = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-local-time>{} UTC</time>',
        universal.isoformat(timespec="seconds"),
        date_format(universal, "j F Y, H:i"),
    )
