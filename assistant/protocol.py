"""Frames of the assistant socket; described in docs/protocol.md."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from assistant.cleaning import clean_values
from assistant.enums import Rating

PROTOCOL = 1


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, given: Any) -> Any:
        return clean_values(given)


class TurnAsk(_Frame):
    """Ask; the same `id` again attaches to the same turn."""

    type: Literal["turn.ask"]
    id: str = Field(min_length=8, max_length=64)
    text: str = Field(min_length=1)
    conversation: UUID | None = None
    files: list[str] = Field(default_factory=list, max_length=50)
    replaces: UUID | None = None
    images: list[UUID] = Field(default_factory=list, max_length=10)


class TurnResume(_Frame):
    """Follow a turn again from an offset."""

    type: Literal["turn.resume"]
    turn: UUID
    offset: int = Field(ge=0)


class TurnStop(_Frame):
    """Stop a turn."""

    type: Literal["turn.stop"]
    turn: UUID


class MessageRate(_Frame):
    """Rate an answer; null takes the rating back."""

    type: Literal["message.rate"]
    id: str = Field(default="", max_length=64)
    message: UUID
    rating: Rating | None


class EditDecide(_Frame):
    """Accept or refuse parts of a proposed edit, all of them without `hunks`.

    Or take back what the policy applied. `text` takes the place of the one part's own
    words; `tab` is the name of the page's tab, which has to be the one that writes.
    """

    type: Literal["edit.decide"]
    id: str = Field(min_length=8, max_length=64)
    edit: UUID
    decision: Literal["accept", "refuse", "take_back"]
    hunks: list[int] | None = Field(default=None, max_length=1000)
    version: int | None = Field(default=None, ge=0)
    text: str | None = Field(default=None, max_length=200_000)
    tab: str = Field(default="", max_length=64)


class QuestionAnswer(_Frame):
    """Choose options by their numbers; none skips the question."""

    type: Literal["question.answer"]
    id: str = Field(min_length=8, max_length=64)
    question: UUID
    answer: list[int] = Field(default_factory=list, max_length=20)


class HintTake(_Frame):
    """Take the next hint of a section, the open one without; the same `id` takes one.

    `section` is its folder.
    """

    type: Literal["hint.take"]
    id: str = Field(min_length=8, max_length=64)
    section: str = Field(default="", max_length=60)
    files: list[str] = Field(default_factory=list, max_length=50)


class Ping(_Frame):
    """Is the server there? Answered with the same `t`."""

    type: Literal["ping"]
    t: float | None = None


class Pong(_Frame):
    """The page has read everything before the `ping` with this `t`."""

    type: Literal["pong"]
    t: float | None = None


ClientFrame = Annotated[
    TurnAsk
    | TurnResume
    | TurnStop
    | MessageRate
    | EditDecide
    | QuestionAnswer
    | HintTake
    | Ping
    | Pong,
    Field(discriminator="type"),
]
client_frames: TypeAdapter[
    TurnAsk
    | TurnResume
    | TurnStop
    | MessageRate
    | EditDecide
    | QuestionAnswer
    | HintTake
    | Ping
    | Pong
] = TypeAdapter(ClientFrame)


def started_frame(
    turn_id: UUID,
    model: str,
    *,
    is_simulated: bool,
    is_brief: bool,
    fallback_from: str = "",
) -> dict[str, Any]:
    """Return `turn.started`, less what only the store knows: the consumer adds it.

    `fallback_from` names the model that should have answered and could not.
    """
    return {
        "type": "turn.started",
        "turn": str(turn_id),
        "model": model,
        "simulated": is_simulated,
        "brief": is_brief,
        "fallback_from": fallback_from or None,
    }


def waiting_frame(turn_id: UUID, seconds: float) -> dict[str, Any]:
    """Return `turn.waiting`: the next call of an answer waits; with 0 no longer."""
    return {"type": "turn.waiting", "turn": str(turn_id), "seconds": round(seconds, 1)}


def delta_frame(turn_id: UUID, offset: int, text: str) -> dict[str, Any]:
    """Return `turn.delta`."""
    return {"type": "turn.delta", "turn": str(turn_id), "offset": offset, "text": text}


def finished_frame(
    turn_id: UUID, *, stop_reason: str, text_length: int, message_id: UUID | None
) -> dict[str, Any]:
    """Return `turn.finished`; the consumer adds usage for those who may see it."""
    return {
        "type": "turn.finished",
        "turn": str(turn_id),
        "message": str(message_id) if message_id else None,
        "stop_reason": stop_reason,
        "text_length": text_length,
    }


def failed_frame(
    turn_id: UUID,
    code: str,
    message: str,
    *,
    retryable: bool,
    retry_after: float | None = None,
) -> dict[str, Any]:
    """Return `turn.failed`; what had arrived is kept, `retryable` offers to go on."""
    frame: dict[str, Any] = {
        "type": "turn.failed",
        "turn": str(turn_id),
        "code": code,
        "message": message,
        "retryable": retryable,
        "stop_reason": "interrupted" if code == "interrupted" else "error",
    }
    if retry_after is not None:
        frame["retry_after"] = retry_after
    return frame


def rated_frame(message_id: UUID, rating: str | None) -> dict[str, Any]:
    """Return `message.rated`."""
    return {"type": "message.rated", "message": str(message_id), "rating": rating}
