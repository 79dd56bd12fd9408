"""The assistant's tables, one aggregate per file."""

from assistant.models.conversations import Conversation, Message, Turn
from assistant.models.prompts import Prompt, PromptVersion
from assistant.models.scoring import ScoreRun

__all__ = ["Conversation", "Message", "Prompt", "PromptVersion", "ScoreRun", "Turn"]
