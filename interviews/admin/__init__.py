"""The back office of the interviews app; one module per part of the work."""

from interviews.admin import (
    assessments,
    candidates,
    interviews,
    invitations,
    panels,
    problems,
    rubrics,
    steps,
)

__all__ = [
    "assessments",
    "candidates",
    "interviews",
    "invitations",
    "panels",
    "problems",
    "rubrics",
    "steps",
]
