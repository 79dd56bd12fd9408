"""The assistant's tables, one aggregate per file."""

from assistant.models.catalogue import ModelAssignment, ModelChoice, ModelVersion
from assistant.models.context import (
    ContextBlock,
    ContextEpoch,
    ContextItem,
    ContextRequest,
)
from assistant.models.conversations import Conversation, Message, Turn
from assistant.models.experiments import (
    PromptAssignment,
    PromptExperiment,
    PromptVariant,
)
from assistant.models.feedback import Feedback
from assistant.models.prompts import Prompt, PromptActivation, PromptVersion
from assistant.models.scoring import ScoreRun

__all__ = [
    "ContextBlock",
    "ContextEpoch",
    "ContextItem",
    "ContextRequest",
    "Conversation",
    "Feedback",
    "Message",
    "ModelAssignment",
    "ModelChoice",
    "ModelVersion",
    "Prompt",
    "PromptActivation",
    "PromptAssignment",
    "PromptExperiment",
    "PromptVariant",
    "PromptVersion",
    "ScoreRun",
    "Turn",
]
