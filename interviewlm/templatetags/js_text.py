"""The words the pages' modules show, in the reader's language."""

from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JSONCatalog

DOMAIN = "djangojs"
register = template.Library()


@register.simple_tag
def js_catalogue() -> SafeString:
    """Return the words as JSON for static/js/lib/i18n.js, or nothing.

    A data block runs nothing, so the strict policy has no say in it.
    """
    language = get_language()
    words = _read(language, tuple(settings.LOCALE_PATHS)) if language else {}
    return json_script(words, "js-catalogue") if words else SafeString()


@cache
def _read(language: str, folders: tuple[Path, ...]) -> dict[str, Any]:
    """Return {message: its translation, or all plural forms of it} of our own files."""
    reader = JSONCatalog()
    reader.translation = DjangoTranslation(
        language, DOMAIN, [str(one) for one in folders]
    )
    return reader.get_catalog()
