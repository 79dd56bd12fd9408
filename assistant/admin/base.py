"""What the prompt pages share: who the operator is, and their looks."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.access import standing_of
from assistant.enums import ExperimentState
from assistant.models import PromptVersion
from interviews.admin.versions import status_mark

_TONES = {ExperimentState.RUNNING: "busy", ExperimentState.STOPPED: "good"}


class PromptMedia:
    """The style sheets and the modules of these pages; mix into a page."""

    class Media:
        css = {"all": ["css/back_office.css", "css/prompts.css"]}
        js = [
            forms.widgets.Script("js/pages/back_office.js", type="module"),
            forms.widgets.Script("js/pages/prompts.js", type="module"),
        ]


def is_operator(request: HttpRequest) -> bool:
    """Say whether the installation, and with it every prompt, is this person's."""
    standing = standing_of(request)
    return standing is not None and standing.is_operator


def version_mark(version: PromptVersion, *, is_in_use: bool) -> str:
    """Return how a version stands, in words with a mark."""
    if is_in_use:
        return status_mark(_("in use"), "good")
    if version.is_draft:
        return status_mark(_("draft"), "warning")
    return status_mark(_("fixed"))


def experiment_mark(state: Any) -> str:
    """Return how an experiment stands, in words with a mark."""
    known = ExperimentState(state)
    return status_mark(known.label, _TONES.get(known, ""))
