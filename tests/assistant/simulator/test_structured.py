"""Structured output conforms to whatever schema is asked for."""

from __future__ import annotations

import enum
import json
from typing import Any, Literal

import pytest
from anthropic import AsyncAnthropic
from pydantic import BaseModel, Field, TypeAdapter

from assistant.simulator.structured import Generic, build
from tests.assistant.simulator.prompts import MODEL, ask


class Level(enum.StrEnum):
    EASY = "easy"
    HARD = "hard"


class Case(BaseModel):
    name: str = Field(min_length=40, max_length=60)
    weight: float = Field(gt=0, le=1)
    arguments: list[int] = Field(min_length=2, max_length=3)


class Node(BaseModel):
    label: str
    children: list[Node] = Field(default_factory=list)
    parent: Node | None = None


class Question(BaseModel):
    title: str
    level: Level
    kind: Literal["code", "design"]
    minutes: int = Field(ge=15, le=90, multiple_of=5)
    cases: list[Case]
    note: str | None
    either: int | Case


class Batch(BaseModel):
    questions: list[Question]
    tree: Node


async def test_parse_returns_the_model(client: AsyncAnthropic) -> None:
    parsed = await client.messages.parse(
        model=MODEL,
        max_tokens=20_000,
        messages=ask("Write 3 short questions for a junior"),
        output_format=Batch,
    )

    assert parsed.parsed_output is not None
    assert len(parsed.parsed_output.questions) == 3
    titles = [question.title for question in parsed.parsed_output.questions]
    assert titles == ["Simulated title 1", "Simulated title 2", "Simulated title 3"]


async def test_streamed_output_parses(client: AsyncAnthropic) -> None:
    async with client.messages.stream(
        model=MODEL, max_tokens=20_000, messages=ask("One"), output_format=Question
    ) as stream:
        message = await stream.get_final_message()

    assert isinstance(message.parsed_output, Question)


async def test_raw_output_config_is_deterministic(client: AsyncAnthropic) -> None:
    texts: set[str] = set()
    for _ in range(2):
        message = await client.messages.create(
            model=MODEL,
            max_tokens=500,
            messages=ask("One"),
            output_config={
                "format": {
                    "type": "json_schema",
                    "schema": {
                        "type": "object",
                        "properties": {"at": {"type": "string", "format": "date-time"}},
                        "required": ["at"],
                        "additionalProperties": False,
                    },
                }
            },
        )
        texts.update(b.text for b in message.content if b.type == "text")

    assert [json.loads(text) for text in texts] == [{"at": "2026-01-01T00:00:00Z"}]


async def test_truncated_output_says_so(client: AsyncAnthropic) -> None:
    message = await client.messages.create(
        model=MODEL,
        max_tokens=8,
        messages=ask("One"),
        output_config={
            "format": {
                "type": "json_schema",
                "schema": {
                    "type": "object",
                    "properties": {"description": {"type": "string"}},
                    "additionalProperties": False,
                },
            }
        },
    )

    assert message.stop_reason == "max_tokens"


@pytest.mark.parametrize(
    "shape",
    [
        int,
        str | None,
        list[Level],
        tuple[int, str],
        dict[str, int],
        Node,
        Literal["a", 1],
        Batch,
    ],
    ids=str,
)
def test_any_shape_is_filled(shape: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(shape)
    built = json.loads(json.dumps(build(adapter.json_schema(), Generic())))

    filled = adapter.validate_python(built)

    assert adapter.dump_python(filled, mode="json", exclude_unset=True) == built


@pytest.mark.parametrize(
    "schema",
    [{}, {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, {"enum": []}],
    ids=["empty", "endless reference", "empty enum"],
)
def test_odd_schema_gives_some_text(schema: dict[str, Any]) -> None:
    assert build(schema, Generic()) == "Simulated value"
