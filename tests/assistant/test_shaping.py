"""What is sent to which model: every one of the catalogue takes it."""

from typing import Any

import pytest
from anthropic import AsyncAnthropic
from django.test import override_settings
from pytest_django import Settings

from assistant.catalogue import EFFORTS, ModelFacts, read_catalogue, shipped_facts
from assistant.configuration import Configuration
from assistant.providers import shaping
from assistant.providers.claude import count_input, shape_request
from assistant.providers.parts import ChatRequest
from tests.assistant.conftest import Running

NAMES = [facts.name for facts in read_catalogue().model]
TOOL = {"name": "read", "input_schema": {"type": "object"}}
FORCED = {"type": "tool", "name": "read", "disable_parallel_tool_use": True}
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}

# The SDK warns of models that retire soon; that they are among these is the point.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def asked(**more: Any) -> ChatRequest:
    return ChatRequest(
        system=[{"type": "text", "text": "Help."}],
        messages=[
            {"role": "user", "content": "Hi"},
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "Well?"},
        ],
        max_tokens=200_000,
        reference="conversation-1",
        **more,
    )


def aimed(simulator: Running, name: str) -> Configuration:
    return Configuration(simulator.url, "sk-1", name, is_simulated=True)


@pytest.mark.parametrize("effort", ["none", *EFFORTS])
@pytest.mark.parametrize("name", NAMES)
async def test_every_model_takes_what_is_sent_to_it(
    simulator: Running, settings: Settings, name: str, effort: str
) -> None:
    settings.ANTHROPIC_EFFORT = effort
    target = aimed(simulator, name)
    request = asked(tools=[TOOL], tool_choice=FORCED)
    async with AsyncAnthropic(
        base_url=simulator.url, api_key="sk-1", max_retries=0, timeout=10
    ) as client:
        answer = await client.messages.create(**shape_request(target, request))
        output: Any = shaping.shape_output(
            shipped_facts(name), effort=effort, schema=SCHEMA
        )
        judged = await client.messages.create(
            model=name,
            max_tokens=500,
            messages=[{"role": "user", "content": "Hi"}],
            output_config=output,
        )

    assert answer.stop_reason in {"end_turn", "tool_use"}
    assert judged.stop_reason == "end_turn"


@pytest.mark.parametrize("name", NAMES)
async def test_every_model_counts_what_is_sent_to_it(
    simulator: Running, name: str
) -> None:
    assert await count_input(aimed(simulator, name), asked()) is not None


@pytest.mark.parametrize("effort", ["none", *EFFORTS])
@pytest.mark.parametrize("name", NAMES)
async def test_every_model_takes_its_least_thinking(
    simulator: Running, settings: Settings, name: str, effort: str
) -> None:
    settings.ANTHROPIC_EFFORT = effort
    arguments = shape_request(aimed(simulator, name), asked(is_quick=True))
    async with AsyncAnthropic(
        base_url=simulator.url, api_key="sk-1", max_retries=0, timeout=10
    ) as client:
        answer = await client.messages.create(**arguments)

    assert answer.stop_reason == "end_turn"
    assert ("thinking" in arguments) is (
        shaping.shape_thinking(shipped_facts(name), effort=effort) is not None
    )


@pytest.mark.parametrize(
    ("name", "thinking", "effort", "choice"),
    [
        ("claude-opus-5-5", None, "max", "auto"),
        ("claude-sonnet-5-5", {"type": "between_tools"}, "max", "auto"),
        ("claude-haiku-5-5", {"type": "disabled"}, "max", "tool"),
        ("claude-haiku-4-5", None, None, "tool"),
        ("never-heard-of", None, None, "auto"),
    ],
)
def test_models_differ_as_the_catalogue_says(
    name: str, thinking: object, effort: str | None, choice: str
) -> None:
    facts = shipped_facts(name)

    assert shaping.shape_thinking(facts) == thinking
    assert shaping.shape_effort(facts, "max") == effort
    assert shaping.shape_tool_choice(facts, FORCED)["type"] == choice


def test_effort_a_model_lacks_becomes_the_next_lower_one() -> None:
    facts = ModelFacts(name="m", effort=("medium", "high"))

    assert shaping.shape_effort(facts, "max") == "high"
    assert shaping.shape_effort(facts, "low") == "medium"
    assert shaping.shape_effort(facts, "") is None


@pytest.mark.parametrize("brief", ["", "Be short."], ids=["usual", "short"])
def test_short_answer_is_asked_with_little_effort(brief: str) -> None:
    target = Configuration("", "", "claude-opus-5-5", is_simulated=True)
    with override_settings(ANTHROPIC_EFFORT="high"):
        sent = shape_request(target, asked(brief=brief))

    assert sent["output_config"] == {"effort": "low" if brief else "high"}
    assert sent["max_tokens"] == 128_000
    assert not {"temperature", "top_p", "top_k"} & set(sent)


def test_thinking_goes_back_to_nobody_else() -> None:
    thought = {"type": "thinking", "thinking": "", "signature": "seal"}
    said = {"type": "text", "text": "Yes."}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [thought, said]},
        {"role": "assistant", "content": [thought]},
        {"role": "user", "content": [said]},
    ]

    assert shaping.has_thoughts(messages)
    kept = shaping.drop_thoughts(messages)
    assert kept == [
        messages[0],
        {"role": "assistant", "content": [said]},
        messages[3],
    ]
    assert not shaping.has_thoughts(kept)


def test_images_become_words_where_a_model_takes_none() -> None:
    image = {"type": "image", "source": {}}
    message = {"role": "user", "content": [image, {"type": "text", "text": "Look"}]}

    (blind,) = shaping.shape_messages(ModelFacts(name="m"), [message])
    (seeing,) = shaping.shape_messages(ModelFacts(name="m", images=True), [message])

    assert [block["type"] for block in blind["content"]] == ["text", "text"]
    assert seeing == message
