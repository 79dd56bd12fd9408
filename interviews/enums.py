"""Choices of the interviews app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class InterviewState(models.TextChoices):
    """Where an interview stands; only `services.lifecycle` changes it."""

    INVITED = "invited", _("Invited")
    PREPARING = "preparing", _("Preparing")
    ACTIVE = "active", _("Active")
    COMPLETED = "completed", _("Completed")
    ABANDONED = "abandoned", _("Abandoned")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")


ENDED_STATES = (InterviewState.COMPLETED, InterviewState.ABANDONED)


class Origin(models.TextChoices):
    """Who caused an event."""

    CANDIDATE = "candidate", _("Candidate")
    ASSISTANT = "assistant", _("Assistant")
    INTERVIEWER = "interviewer", _("Interviewer")
    SYSTEM = "system", _("System")


class TextOrigin(models.TextChoices):
    """Where a piece of a document's text came from."""

    TYPED = "typed", _("Typed")
    PASTED_INSIDE = "pasted_inside", _("Pasted from inside the room")
    PASTED_OUTSIDE = "pasted_outside", _("Pasted from outside the room")
    ASSISTANT = "assistant", _("Taken from the assistant")
    COMMAND = "command", _("Written by a command")
    STARTER = "starter", _("Starter file")
    INTERVIEWER = "interviewer", _("Interviewer")
    UNKNOWN = "unknown", _("Not recorded")


class Difficulty(models.TextChoices):
    """How hard a problem is meant to be."""

    EASY = "easy", _("Easy")
    MEDIUM = "medium", _("Medium")
    HARD = "hard", _("Hard")


class Policy(models.TextChoices):
    """How far the assistant may help."""

    OFF = "off", _("Off")
    HINTS = "hints", _("Hints")
    PAIR = "pair", _("Pair")
    AGENT = "agent", _("Agent")


class Dimension(models.TextChoices):
    """What an interview is scored on, everywhere in this order."""

    TECHNICAL = "technical", _("Technical")
    COMMUNICATION = "communication", _("Communication")
    EXPERIENCE = "experience", _("Experience")
    CONFIDENCE = "confidence", _("Confidence")
    PROBLEM_SOLVING = "problem_solving", _("Problem solving")
    AI_COLLABORATION = "ai_collaboration", _("Collaboration with AI")
    OVERALL = "overall", _("Overall")


class StepState(models.TextChoices):
    """Where a pipeline step stands."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")
    FAILED = "failed", _("Failed")


class TimeEntryKind(models.TextChoices):
    """Why an interview has the time it has."""

    START = "start", _("Agreed time")
    FACTOR = "factor", _("Extra time agreed")
    EXTENSION = "extension", _("Extension")
    CREDIT = "credit", _("Time given back")
    STOPPED = "stopped", _("Interview was closed")


class RunKind(models.TextChoices):
    """What was run."""

    TESTS = "tests", _("Visible tests")
    FILE = "file", _("File")
    COMMAND = "command", _("Command")
    HIDDEN = "hidden", _("Hidden tests")


class RunState(models.TextChoices):
    """Where a run stands."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    INTERRUPTED = "interrupted", _("Interrupted")


# What the candidate starts; hidden tests are the pipeline's.
CANDIDATE_RUN_KINDS = (RunKind.TESTS, RunKind.FILE, RunKind.COMMAND)
LIVE_RUN_STATES = (RunState.QUEUED, RunState.RUNNING)


class FileKind(models.TextChoices):
    """Why a file of the workspace is not a document that can be edited."""

    BINARY = "binary", _("Binary file")
    LARGE = "large", _("Larger than 1 MB")
    LINK = "link", _("Link")
    SPECIAL = "special", _("Special file")
    UNTRACKED = "untracked", _("One file too many to track")


class FaultCause(models.TextChoices):
    """A fault of ours, or of a service we use, that took the candidate's time."""

    RESTART = "restart", _("Our server restarted")
    SANDBOX = "sandbox", _("Code could not be run")
    MODEL = "model", _("The assistant's model failed")
    SOCKET = "socket", _("The room could not be reached")


class Decision(models.TextChoices):
    """What a person decided after the review."""

    ADVANCE = "advance", _("Advance")
    HOLD = "hold", _("Hold")
    REJECT = "reject", _("Reject")
