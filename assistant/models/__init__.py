"""The assistant's tables, one aggregate per file."""

from assistant.models.attachments import Attachment, LooseContent
from assistant.models.calls import ModelCall
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
from assistant.models.hints import HintUse
from assistant.models.prompts import Prompt, PromptActivation, PromptVersion
from assistant.models.proposals import CandidateQuestion, EditProposal, ProposalHunk
from assistant.models.requests import RequestBucket
from assistant.models.scoring import ScoreRun
from assistant.models.tools import ToolCall

__all__ = [
    "Attachment",
    "CandidateQuestion",
    "ContextBlock",
    "ContextEpoch",
    "ContextItem",
    "ContextRequest",
    "Conversation",
    "EditProposal",
    "Feedback",
    "HintUse",
    "LooseContent",
    "Message",
    "ModelAssignment",
    "ModelCall",
    "ModelChoice",
    "ModelVersion",
    "Prompt",
    "PromptActivation",
    "PromptAssignment",
    "PromptExperiment",
    "PromptVariant",
    "PromptVersion",
    "ProposalHunk",
    "RequestBucket",
    "ScoreRun",
    "ToolCall",
    "Turn",
]
