"""Conversations and what was said in them."""

# mypy: allow-untyped-calls

from factory.declarations import SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from assistant.enums import (
    ContextKind,
    EpochReason,
    MessageRole,
    ModelPurpose,
    PromptPurpose,
)
from assistant.models import (
    ContextBlock,
    ContextEpoch,
    ContextItem,
    ContextRequest,
    Conversation,
    Message,
    ModelAssignment,
    ModelCall,
    ModelChoice,
    ModelVersion,
    Prompt,
    PromptExperiment,
    PromptVersion,
    ScoreRun,
    Turn,
)
from tests.factories.interviews import AssessmentVersionFactory, InterviewFactory


class PromptFactory(DjangoModelFactory[Prompt]):
    """The prompt of a purpose; those that are shipped are there already."""

    class Meta:
        model = Prompt
        django_get_or_create = ("purpose",)

    purpose = PromptPurpose.SCORE
    slug = Sequence(lambda n: f"prompt-{n}")


class PromptVersionFactory(DjangoModelFactory[PromptVersion]):
    """A draft for the judge."""

    class Meta:
        model = PromptVersion

    prompt = SubFactory(PromptFactory)
    number = Sequence(lambda n: 100 + n)
    text = "Judge by {{ rubric }} what was done with {{ problems }}."


class PromptExperimentFactory(DjangoModelFactory[PromptExperiment]):
    """An experiment that was not started, without variants."""

    class Meta:
        model = PromptExperiment

    prompt = SubFactory(PromptFactory)
    name = Sequence(lambda n: f"experiment {n}")


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


class ContextBlockFactory(DjangoModelFactory[ContextBlock]):
    """A content block as it is kept."""

    class Meta:
        model = ContextBlock

    interview = SubFactory(InterviewFactory)
    hash = Sequence(lambda n: f"{n:064x}")
    content = '[{"type":"text","text":"Be helpful."}]'


class ContextEpochFactory(DjangoModelFactory[ContextEpoch]):
    """The first epoch of a conversation, still empty."""

    class Meta:
        model = ContextEpoch

    conversation = SubFactory(ConversationFactory)
    number = 1
    reason = EpochReason.FIRST
    model = "claude-test"
    system = SubFactory(
        ContextBlockFactory, interview=SelfAttribute("..conversation.interview")
    )


class ContextItemFactory(DjangoModelFactory[ContextItem]):
    """The first item of an epoch: a question."""

    class Meta:
        model = ContextItem

    epoch = SubFactory(ContextEpochFactory)
    position = 0
    turn = SubFactory(TurnFactory, conversation=SelfAttribute("..epoch.conversation"))
    role = MessageRole.USER
    kind = ContextKind.MESSAGE
    block = SubFactory(
        ContextBlockFactory,
        interview=SelfAttribute("..epoch.conversation.interview"),
        content='{"type":"text","text":"How do I start?"}',
    )


class ContextRequestFactory(DjangoModelFactory[ContextRequest]):
    """What a turn sent: nothing yet."""

    class Meta:
        model = ContextRequest

    epoch = SubFactory(ContextEpochFactory)
    turn = SubFactory(TurnFactory, conversation=SelfAttribute("..epoch.conversation"))
    length = 0


class ModelVersionFactory(DjangoModelFactory[ModelVersion]):
    """What is known of a model nobody has heard of."""

    class Meta:
        model = ModelVersion

    name = Sequence(lambda n: f"model-{n}")
    number = 1


class ModelAssignmentFactory(DjangoModelFactory[ModelAssignment]):
    """A model for hints."""

    class Meta:
        model = ModelAssignment

    purpose = ModelPurpose.HINT
    model = "claude-test"


class ModelChoiceFactory(DjangoModelFactory[ModelChoice]):
    """The model of an assessment's first cohort."""

    class Meta:
        model = ModelChoice

    assessment_version = SubFactory(AssessmentVersionFactory)
    purpose = ModelPurpose.CHAT
    cohort = 1
    model = "claude-test"


class ModelCallFactory(DjangoModelFactory[ModelCall]):
    """A call that went well."""

    class Meta:
        model = ModelCall

    interview = SubFactory(InterviewFactory)
    organisation = SelfAttribute("interview.organisation")
    purpose = "chat"
    provider = "anthropic"
    asked = "claude-test"
    answered = "claude-test"
    status = 200
    stop_reason = "end_turn"
    first_byte_ms = 200
    first_token_ms = 400
    duration_ms = 2_000
