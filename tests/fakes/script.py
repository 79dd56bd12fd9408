"""A model that follows a script: other words, or calls of tools, at each request."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from itertools import count
from typing import Any

from assistant.configuration import Configuration
from assistant.providers.parts import (
    AnswerBlock,
    AnswerEnded,
    AnswerPart,
    AnswerStarted,
    AnswerText,
    AnswerThought,
    AnswerUsage,
    ChatRequest,
    TryBegun,
)

MODEL = "claude-sonnet-5-5"
INPUT_TOKENS, OUTPUT_TOKENS = 1_000, 100
_numbers = count(1)

Step = Sequence[AnswerPart]


def _begun() -> list[AnswerPart]:
    usage = {"input_tokens": INPUT_TOKENS, "output_tokens": 1}
    return [TryBegun(), AnswerStarted(MODEL, f"req_{next(_numbers)}", usage)]


def says(text: str, *, reason: str = "end_turn", tokens: int = OUTPUT_TOKENS) -> Step:
    """The parts of an answer in words."""
    return [
        *_begun(),
        AnswerText(text),
        AnswerBlock({"type": "text", "text": text}),
        AnswerUsage({"output_tokens": tokens}),
        AnswerEnded(reason),
    ]


def tool_use(name: str, given: object) -> dict[str, Any]:
    """A block that calls a tool."""
    call_id = f"toolu_{next(_numbers)}"
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


def calls(
    *asked: tuple[str, object],
    text: str = "",
    reason: str = "tool_use",
    is_whole: bool = True,
    tokens: int = OUTPUT_TOKENS,
) -> Step:
    """The parts of an answer that thinks, perhaps says something, and calls tools."""
    seal = {"type": "thinking", "thinking": "", "signature": f"s{next(_numbers)}"}
    said: list[AnswerPart] = [AnswerThought(4), AnswerBlock(seal)]
    if text:
        said += [AnswerText(text), AnswerBlock({"type": "text", "text": text})]
    for name, given in asked:
        said.append(AnswerThought(len(json.dumps(given))))
        said.append(AnswerBlock(tool_use(name, given), is_whole=is_whole))
    usage = AnswerUsage({"output_tokens": tokens})
    return [*_begun(), *said, usage, AnswerEnded(reason)]


class ScriptedModel:
    """Gives one step of the script to each request, the last one for ever."""

    def __init__(self, *script: Step) -> None:
        self.script = list(script)
        self.requests: list[ChatRequest] = []

    async def stream_answer(
        self, _targets: Sequence[Configuration], request: ChatRequest
    ) -> AsyncGenerator[AnswerPart, None]:
        """Take the place of `assistant.providers.answering.stream_answer`."""
        place = min(len(self.requests), len(self.script) - 1)
        self.requests.append(request)
        for part in self.script[place]:
            yield part

    @property
    def results(self) -> list[Mapping[str, Any]]:
        """Every result the model was told, in order, as its last request has them."""
        return results_in(self.requests[-1].messages)


def results_in(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The results of tools among messages."""
    return [
        block
        for message in messages
        for block in message["content"]
        if block["type"] == "tool_result"
    ]
