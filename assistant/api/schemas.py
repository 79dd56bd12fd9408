"""What the chat takes and gives over HTTP: the shapes in the OpenAPI document."""

from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import BeforeValidator, Field

from assistant.cleaning import clean_values
from assistant.enums import Rating

Text = Annotated[str, BeforeValidator(clean_values)]
ClientId = Annotated[Text, Field(min_length=8, max_length=64)]


class Problem(Schema):
    """Every refusal. `code` is stable, `message` is for the person, seconds to wait."""

    code: str
    message: str
    retryable: bool
    retry_after: float | None = None


class ChatQuestion(Schema):
    """A question. The same `id` again is the same question: asked and billed once."""

    message: Annotated[Text, Field(min_length=1)]
    chat_id: UUID | None = None
    id: ClientId | None = None
    files: Annotated[list[Text], Field(max_length=50)] = []
    replaces: UUID | None = None
    images: Annotated[list[UUID], Field(max_length=10)] = []


class Tokens(Schema):
    """What an answer took, in tokens."""

    input_tokens: int
    output_tokens: int
    total_tokens: int


class ChatAnswer(Schema):
    """A whole answer. `usage` and `cost_usd` only for those who may see cost."""

    turn: UUID
    chat_id: UUID
    message_id: UUID | None
    reply: str
    created_at: str
    stop_reason: str
    simulated: bool
    usage: Tokens | None = None
    cost_usd: str | None = None


class FailedAnswer(Problem):
    """An answer that failed; `reply` is what had arrived."""

    turn: UUID
    chat_id: UUID
    message_id: UUID | None
    reply: str


class TextEvent(Schema):
    """`text`: a piece of the answer.

    `offset` counts the UTF-16 code units before it; the event's id is the offset after
    it. `token_count` is an estimate for the answer so far.
    """

    turn: UUID
    text: str
    offset: int
    token_count: int


class ToolEvent(Schema):
    """`tool`: what the assistant does beside the text."""

    turn: UUID
    call: str = ""
    name: str
    state: str
    title: str = ""
    detail: Any = ""


class DoneEvent(Schema):
    """`done`: the end of an answer."""

    turn: UUID
    chat_id: UUID
    message_id: UUID | None
    created_at: str
    stop_reason: str
    full_text: str
    simulated: bool
    usage: Tokens | None = None
    cost_usd: str | None = None


class ErrorEvent(Problem):
    """`error`: the answer failed; what had arrived is kept."""

    turn: UUID
    chat_id: UUID
    message_id: UUID | None


class StopAccepted(Schema):
    """The turn that is being stopped; its stream tells the end."""

    turn: UUID


class NewRating(Schema):
    """What the candidate thinks of an answer; null takes it back."""

    rating: Rating | None


class MessageRating(NewRating):
    """How an answer is rated now."""

    message: UUID


class ChatState(Schema):
    """What `hello` says on the socket; see docs/protocol.md."""

    protocol: int
    server_time: str
    conversation: UUID | None
    conversations: list[UUID]
    policy: Any
    sees_cost: bool
    limits: dict[str, int]
    messages: list[dict[str, Any]]
    lives: list[dict[str, Any]]
    live: dict[str, Any] | None
    assistant: dict[str, Any]
