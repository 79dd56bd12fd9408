"""The interviews app's tables, one aggregate per file."""

from interviews.models.attendance import Attendance, WebProcess
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
    Fault,
    Interview,
    Interviewer,
    Invitation,
    ProblemReport,
    TimeEntry,
)
from interviews.models.review import Evidence, ItemVerdict, Review, Scorecard
from interviews.models.terminals import Terminal, TerminalRecording
from interviews.models.timeline import (
    Event,
    EventCursor,
    PipelineStep,
)
from interviews.models.workspace import (
    Document,
    DocumentVersion,
    Run,
    WorkspaceFile,
    WorkspaceLease,
)

__all__ = [
    "Assessment",
    "AssessmentSection",
    "AssessmentVersion",
    "Attendance",
    "Candidate",
    "Consent",
    "Document",
    "DocumentVersion",
    "Event",
    "EventCursor",
    "Evidence",
    "Fault",
    "Interview",
    "Interviewer",
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
    "Terminal",
    "TerminalRecording",
    "TimeEntry",
    "WebProcess",
    "WorkspaceFile",
    "WorkspaceLease",
]
