"""How versions, files and states look on the admin's pages; everything escaped."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext as _

from interviews.selectors.back_office import VersionLine


def render_versions(lines: Sequence[VersionLine]) -> str:
    """Return a table of versions and what changed in each."""
    return render_to_string("admin/interviews/_versions.html", {"lines": lines})


def render_files(files: Mapping[str, str]) -> str:
    """Return files, each folded with its text."""
    rows = sorted(files.items())
    return render_to_string("admin/interviews/_files.html", {"files": rows})


def status_mark(words: object, tone: str = "") -> str:
    """Return a state as words with a small mark; tones as in content.css."""
    return format_html('<span class="bo-status {}">{}</span>', tone, words)


def score_words(score: int | None, certainty: int) -> str:
    """Return a score with the judge's certainty in words."""
    if score is None:
        return _("not established")
    return _("%(score)d, %(certainty)d%% certain") % {
        "score": score,
        "certainty": certainty,
    }


def report_version(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, version: Any
) -> None:
    """Say which version was kept, or that nothing changed."""
    if version is None:
        text = _("Nothing changed, so there is no new version.")
        model_admin.message_user(request, text, messages.INFO)
        return
    text = _("Version %(number)d is kept. Invitations already sent stay as they are.")
    model_admin.message_user(
        request, text % {"number": version.number}, messages.SUCCESS
    )
