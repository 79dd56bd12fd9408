"""The assistant's pages of the back office; one module per part of the work."""

from assistant.admin import calls, catalogue, conversations, experiments, prompts

__all__ = ["calls", "catalogue", "conversations", "experiments", "prompts"]
