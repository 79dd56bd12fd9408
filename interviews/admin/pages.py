"""Pages about an interview that apps above hang into the admin, and where they are."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse

from interviews.models import Interview

_patterns: list[Callable[[], Sequence[Any]]] = []
_review_name = "admin:interview-review"


def register_pages(build: Callable[[], Sequence[Any]]) -> None:
    """Add URL patterns under /admin/interviews/interview/; `build` returns them."""
    _patterns.append(build)


def build_patterns() -> list[Any]:
    """Return every registered pattern."""
    return [pattern for build in _patterns for pattern in build()]


def review_path(interview: Interview | UUID) -> str:
    """Return the address of an interview's review desk."""
    pk = interview.pk if isinstance(interview, Interview) else interview
    return reverse(_review_name, args=[pk])
