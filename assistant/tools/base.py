"""What a tool is given and what it gives back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class ToolContext:
    """The call a tool works for; `step` counts the calls to the model, from 0."""

    turn_id: UUID
    interview_id: UUID
    conversation_id: UUID
    policy: str
    step: int
    call_id: str

    @property
    def call_key(self) -> str:
        """The call's name within its turn: some gateways count anew at each step."""
        return f"{self.step}:{self.call_id}"[:128]


@dataclass(frozen=True)
class ToolOutcome:
    """What the model is told, and pages besides.

    `frames` go to the turn's followers. `parks` ends a chain of an `agent` after this
    step: what comes next needs the candidate's decision. `detail` is the result in a
    few words for people, `covers` the id of a run that the model knows from here on.
    """

    text: str
    is_error: bool = False
    frames: Sequence[Mapping[str, Any]] = ()
    parks: bool = False
    detail: str = ""
    covers: str = ""


ToolInput = Mapping[str, Any]
ToolFunction = Callable[[ToolContext, ToolInput], ToolOutcome | Awaitable[ToolOutcome]]
