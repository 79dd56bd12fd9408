"""A model that says what the test says, where the registry asks the provider."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from assistant.configuration import Configuration
from assistant.errors import ProviderError
from assistant.providers.parts import (
    AnswerEnded,
    AnswerPart,
    AnswerStarted,
    AnswerText,
    AnswerUsage,
    ChatRequest,
    TryBegun,
)

MODEL = "claude-sonnet-5-5"
INPUT_TOKENS, OUTPUT_TOKENS = 1_000, 100

BEGUN: tuple[AnswerPart, ...] = (
    TryBegun(),
    AnswerStarted(MODEL, "req_1", {"input_tokens": INPUT_TOKENS, "output_tokens": 1}),
)
ANSWER: tuple[AnswerPart, ...] = (
    *BEGUN,
    AnswerText("Look at the operator."),
    AnswerUsage({"output_tokens": OUTPUT_TOKENS}),
    AnswerEnded("end_turn"),
)


class FakeModel:
    """Gives the same parts to every request; `gate` holds it back before the last.

    With `hangs` it says nothing more after its parts; with `failure` it fails then.
    """

    def __init__(self, parts: Sequence[AnswerPart] = ANSWER) -> None:
        self.parts = list(parts)
        self.hangs = False
        self.failure: ProviderError | None = None
        self.requests: list[ChatRequest] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.has_said_all = asyncio.Event()

    async def stream_answer(
        self, _targets: Sequence[Configuration], request: ChatRequest
    ) -> AsyncGenerator[AnswerPart, None]:
        """Take the place of `assistant.providers.answering.stream_answer`."""
        self.requests.append(request)
        for part in self.parts[:-1]:
            yield part
        await self.gate.wait()
        yield self.parts[-1]
        self.has_said_all.set()
        if self.hangs:
            await asyncio.Event().wait()
        if self.failure is not None:
            raise self.failure
