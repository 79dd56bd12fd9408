"""Wordings, and experiments under way, for the tests about prompts."""

from assistant.enums import PromptPurpose
from assistant.models import Prompt, PromptExperiment, PromptVersion
from assistant.services.experiments import create_experiment, start_experiment
from tests.factories.assistant import PromptFactory, PromptVersionFactory

CHAT_TEXT = "Help within {{ policy }}: {{ policy_text }} with {{ statement }}."


def chat_prompt() -> Prompt:
    prompt: Prompt = PromptFactory.create(purpose=PromptPurpose.CHAT)
    return prompt


def chat_version(text: str = CHAT_TEXT) -> PromptVersion:
    version: PromptVersion = PromptVersionFactory.create(
        prompt=chat_prompt(), text=text
    )
    return version


def running(*versions: PromptVersion, name: str = "shorter") -> PromptExperiment:
    """An experiment with equal weights, started now."""
    experiment = create_experiment(
        versions[0].prompt,
        name=name,
        weights=dict.fromkeys(versions, 1),
        actor=None,
    )
    start_experiment(experiment, actor=None)
    experiment.refresh_from_db()
    return experiment
