"""What may be sent to which model: the one place that knows their differences.

Everything comes from the catalogue's facts; a model is never named here. Sampling
parameters are sent to none: the API takes them no more.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assistant.catalogue import EFFORTS, Effort, ModelFacts

_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
_DEEP: frozenset[str] = frozenset({"xhigh", "max"})


def shape_effort(facts: ModelFacts, wished: str) -> Effort | None:
    """Return the wished effort, or the next lower one the model takes; None for none."""
    if wished not in EFFORTS or not facts.effort:
        return None
    ranked = [each for each in EFFORTS if each in facts.effort]
    below = [each for each in ranked if EFFORTS.index(each) <= EFFORTS.index(wished)]
    return below[-1] if below else ranked[0]


def shape_thinking(facts: ModelFacts, *, effort: str = "") -> dict[str, Any] | None:
    """Return the least thinking a model can be told to do; None where it has no choice.

    A model that only thinks when asked is not asked. One that thinks between tools
    may not be told so at a high effort.
    """
    if "adaptive" not in facts.thinking:
        return None
    if "disabled" in facts.thinking:
        return {"type": "disabled"}
    if "between_tools" in facts.thinking and effort not in _DEEP:
        return {"type": "between_tools"}
    return None


def shape_tool_choice(
    facts: ModelFacts, wished: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the wished choice; “auto” where a model can not be forced to a tool."""
    if wished.get("type") in ("any", "tool") and not facts.forced_tools:
        kept = {k: v for k, v in wished.items() if k == "disable_parallel_tool_use"}
        return {"type": "auto", **kept}
    return wished


def shape_tools(
    facts: ModelFacts, tools: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the tools without what the way to this model refuses."""
    refused = {
        name
        for name, is_taken in (
            ("strict", facts.strict_tools),
            ("eager_input_streaming", facts.eager_tools),
        )
        if not is_taken
    }
    return [
        {key: value for key, value in tool.items() if key not in refused}
        for tool in tools
    ]


def shape_output(
    facts: ModelFacts, *, effort: str, schema: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return `output_config`, empty where nothing of it may be sent."""
    config: dict[str, Any] = {}
    level = shape_effort(facts, effort)
    if level is not None:
        config["effort"] = level
    if schema is not None and facts.structured_outputs:
        config["format"] = {"type": "json_schema", "schema": dict(schema)}
    return config


def shape_max_tokens(facts: ModelFacts, wished: int) -> int:
    """Return the most output tokens to ask for."""
    return min(wished, facts.output_tokens)


def drop_thoughts(messages: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the messages without thinking: it may go back to its own model only."""
    kept = []
    for message in messages:
        content = message["content"]
        if isinstance(content, str) or message["role"] != "assistant":
            kept.append(message)
            continue
        blocks = [block for block in content if block.get("type") not in _THOUGHTS]
        if blocks:
            kept.append({**message, "content": blocks})
    return kept


def has_thoughts(messages: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether thinking of earlier answers goes along."""
    return any(
        isinstance(message["content"], Sequence)
        and not isinstance(message["content"], str)
        and any(block.get("type") in _THOUGHTS for block in message["content"])
        for message in messages
    )


def shape_messages(
    facts: ModelFacts, messages: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return messages this model takes.

    Words of the system among the messages become the user's, between tags, where a
    model does not know them; images become a word where it takes none.
    """
    shaped = list(messages)
    if not facts.system_messages:
        shaped = [_as_user(message) for message in shaped]
    if not facts.images:
        shaped = [_without_images(message) for message in shaped]
    return shaped


def _as_user(message: Mapping[str, Any]) -> Mapping[str, Any]:
    if message["role"] != "system":
        return message
    content = message["content"]
    texts = (
        [content]
        if isinstance(content, str)
        else [block.get("text", "") for block in content]
    )
    return {"role": "user", "content": "<system>\n" + "\n".join(texts) + "\n</system>"}


def _without_images(message: Mapping[str, Any]) -> Mapping[str, Any]:
    content = message["content"]
    if isinstance(content, str):
        return message
    if not any(block.get("type") == "image" for block in content):
        return message
    word = {"type": "text", "text": "[An image that this model can not see.]"}
    return {
        **message,
        "content": [b if b.get("type") != "image" else word for b in content],
    }
