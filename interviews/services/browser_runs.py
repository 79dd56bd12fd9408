"""Tests that a candidate's own browser ran where the server has no sandbox.

What it tells is noted as a claim. No score, report or verdict looks at it.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from base.clock import now
from interviews.enums import Origin
from interviews.models import Event, Interview
from interviews.selectors.sections import find_section, list_sections
from interviews.services.sections import lock_workspace
from interviews.timeline.kinds import RunInBrowser
from interviews.timeline.log import append_event, find_event
from interviews.workspace.errors import MissingError, RateLimitedError

NOTES_PER_MINUTE = 30
_PYTEST = "pytest"


def find_pytest_arguments(tests: Mapping[str, Any]) -> list[str] | None:
    """Return what follows pytest in a problem's command; None for other tests."""
    words = [str(word) for word in tests.get("command") or ()]
    names = [PurePosixPath(word).name for word in words]
    if tests.get("format") != _PYTEST or _PYTEST not in names:
        return None
    return words[names.index(_PYTEST) + 1 :]


def list_browser_sections(interview: Interview) -> dict[str, list[str]]:
    """Return pytest's arguments for each section whose tests a browser can run."""
    found = {
        section.folder: find_pytest_arguments(section.problem.tests)
        for section in list_sections(interview)
        if section.problem.language == "python"
    }
    return {folder: words for folder, words in found.items() if words is not None}


@transaction.atomic
def note_browser_run(
    interview_id: UUID, *, client_id: str, folder: str, passed: int, failed: int
) -> None:
    """Append the claim to the timeline, once per id.

    Raises MissingError, RateLimitedError, and what `lock_workspace` raises.
    """
    interview = lock_workspace(interview_id)
    if find_event(interview, client_id) is not None:
        return
    section = find_section(interview, folder)
    if folder not in list_browser_sections(interview):
        raise MissingError(_("These tests cannot be run in a browser."))
    minute = timedelta(minutes=1)
    recent = Event.objects.filter(
        interview=interview, kind=RunInBrowser.kind, at__gt=now() - minute
    )
    if recent.count() >= NOTES_PER_MINUTE:
        raise RateLimitedError(_("That were many runs. Wait a moment."), retry_after=60)
    payload = RunInBrowser(section=section.position, passed=passed, failed=failed)
    append_event(interview, payload, origin=Origin.CANDIDATE, client_id=client_id)
