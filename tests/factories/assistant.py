"""Conversations and what was said in them."""

# mypy: allow-untyped-calls

from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory

from assistant.enums import MessageRole, PromptPurpose
from assistant.models import (
    Conversation,
    Message,
    Prompt,
    PromptVersion,
    ScoreRun,
    Turn,
)
from tests.factories.interviews import InterviewFactory


class PromptFactory(DjangoModelFactory[Prompt]):
    """A prompt without a version."""

    class Meta:
        model = Prompt

    purpose = PromptPurpose.SCORE
    slug = Sequence(lambda n: f"prompt-{n}")


class PromptVersionFactory(DjangoModelFactory[PromptVersion]):
    """The first wording of a prompt."""

    class Meta:
        model = PromptVersion

    prompt = SubFactory(PromptFactory)
    number = 1
    text = "Be helpful."


class ConversationFactory(DjangoModelFactory[Conversation]):
    """An empty chat."""

    class Meta:
        model = Conversation

    interview = SubFactory(InterviewFactory)


class TurnFactory(DjangoModelFactory[Turn]):
    """A question that waits."""

    class Meta:
        model = Turn

    conversation = SubFactory(ConversationFactory)
    client_id = Sequence(lambda n: f"turn-{n}")


class MessageFactory(DjangoModelFactory[Message]):
    """What the candidate asked."""

    class Meta:
        model = Message

    turn = SubFactory(TurnFactory)
    role = MessageRole.USER
    text = "How do I start?"


class ScoreRunFactory(DjangoModelFactory[ScoreRun]):
    """One call to the judge."""

    class Meta:
        model = ScoreRun

    interview = SubFactory(InterviewFactory)
    prompt_version = SubFactory(PromptVersionFactory)
    model = "claude-test"
