"""The interviews app's tables, one aggregate per file."""

from interviews.models.catalogue import (
    Assessment,
    AssessmentSection,
    AssessmentVersion,
    Problem,
    ProblemVersion,
    Rubric,
    RubricItem,
)
from interviews.models.interview import (
    Candidate,
    Consent,
    Interview,
    Invitation,
    ProblemReport,
    TimeEntry,
)
from interviews.models.review import Evidence, ItemVerdict, Review, Scorecard
from interviews.models.timeline import (
    Event,
    EventCursor,
    PipelineStep,
)
from interviews.models.workspace import Document, DocumentVersion, Run

__all__ = [
    "Assessment",
    "AssessmentSection",
    "AssessmentVersion",
    "Candidate",
    "Consent",
    "Document",
    "DocumentVersion",
    "Event",
    "EventCursor",
    "Evidence",
    "Interview",
    "Invitation",
    "ItemVerdict",
    "PipelineStep",
    "Problem",
    "ProblemReport",
    "ProblemVersion",
    "Review",
    "Rubric",
    "RubricItem",
    "Run",
    "Scorecard",
    "TimeEntry",
]
