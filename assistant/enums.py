"""Choices of the assistant app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TurnState(models.TextChoices):
    """Where a turn stands."""

    WAITING = "waiting", _("Waiting for the answer before")
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Failed")
    INTERRUPTED = "interrupted", _("Interrupted")


class MessageRole(models.TextChoices):
    """Who speaks."""

    USER = "user", _("Candidate")
    ASSISTANT = "assistant", _("Assistant")


class PromptPurpose(models.TextChoices):
    """What a prompt is for."""

    CHAT = "chat", _("Chat with the candidate")
    SCORE = "score", _("Scoring")
    HINT = "hint", _("Hints")


class ActivationKind(models.TextChoices):
    """How a wording came to be the one in use."""

    SHIPPED = "shipped", _("Shipped with the program")
    CHOSEN = "chosen", _("Put into use")
    ROLLED_BACK = "rolled_back", _("Rolled back")
    WON = "won", _("Won an experiment")


class ExperimentState(models.TextChoices):
    """Where an experiment stands; it runs once and is never started again."""

    DRAFT = "draft", _("Draft")
    RUNNING = "running", _("Running")
    STOPPED = "stopped", _("Stopped")


class Rating(models.TextChoices):
    """What the candidate thinks of an answer."""

    UP = "up", _("Helpful")
    DOWN = "down", _("Not helpful")


class EpochReason(models.TextChoices):
    """Why a new epoch of the context began."""

    FIRST = "first", _("First question")
    SIZE = "size", _("The last one was full")
    SYSTEM = "system", _("Another section or wording of the prompt")
    MODEL = "model", _("Another model")
    TOOLS = "tools", _("Other tools")
    REFUSED = "refused", _("The provider refused the last one")


class ContextKind(models.TextChoices):
    """What a block of the context is."""

    FILE = "file", _("File, whole")
    CHANGE = "change", _("Changes of a file")
    GONE = "gone", _("File deleted or renamed")
    RUN = "run", _("Test output")
    MESSAGE = "message", _("Question")
    NOTE = "note", _("Note")
    ANSWER = "answer", _("Answer")
    CALL = "call", _("Call of a tool")
    RESULT = "result", _("Result of a tool")
    DECISION = "decision", _("Decision of the candidate")
    IMAGE = "image", _("Image")


class ToolCallState(models.TextChoices):
    """Where a call of a tool stands."""

    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    STOPPED = "stopped", _("Stopped")


class ModelPurpose(models.TextChoices):
    """What a model is asked for."""

    CHAT = "chat", _("Chat with the candidate")
    HINT = "hint", _("Hints")
    SCORE = "score", _("Scoring")
    GENERATE = "generate", _("Questions")


class HunkAction(models.TextChoices):
    """What a part of a proposed edit does to its file."""

    CHANGE = "change", _("Change")
    CREATE = "create", _("New file")
    DELETE = "delete", _("Delete file")


class HunkState(models.TextChoices):
    """What the candidate decided, or the policy for them: applied, unless taken back."""

    UNDECIDED = "undecided", _("Undecided")
    ACCEPTED = "accepted", _("Accepted")
    EDITED = "edited", _("Accepted with changes")
    REFUSED = "refused", _("Refused")
    APPLIED = "applied", _("Applied at once, by the policy")
    TAKEN_BACK = "taken_back", _("Applied by the policy, taken back")


class HintSource(models.TextChoices):
    """Where a hint comes from."""

    PROBLEM = "problem", _("Written with the problem")
    MODEL = "model", _("The assistant")


class HintState(models.TextChoices):
    """Where a hint stands; one that failed may be asked for again."""

    PENDING = "pending", _("Being written")
    TAKEN = "taken", _("Taken")
    FAILED = "failed", _("Failed")
