"""A tool's input: what the model is told of it, and the check of what it sends."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

# Keywords that a strict schema may not have; the check here keeps them.
_UNTOLD = frozenset(
    {
        "title",
        "default",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
    }
)
_MOST_COMPLAINTS = 3


class ToolInput(BaseModel):
    """Base of the inputs: nothing beyond the fields, no conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class InputError(Exception):
    """An input does not fit its schema; the text is for the model."""


def strict_schema(shape: type[ToolInput]) -> dict[str, Any]:
    """Return the JSON schema of an input within what strict tools take."""
    schema = shape.model_json_schema()
    definitions = schema.pop("$defs", {})
    return dict(_plain(schema, definitions))


def _plain(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _plain(definitions[node["$ref"].rpartition("/")[2]], definitions)
    return {
        key: (
            {name: _plain(child, definitions) for name, child in value.items()}
            if key == "properties"
            else _plain(value, definitions)
        )
        for key, value in node.items()
        if key not in _UNTOLD
    }


def read_input(shape: type[ToolInput], given: object) -> dict[str, Any]:
    """Return an input as plain values. Raises InputError saying what is wrong.

    The complaint names places and rules, never a value.
    """
    try:
        return shape.model_validate(given).model_dump()
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        lines = [
            f"{'.'.join(str(part) for part in each['loc']) or 'input'}: {each['msg']}"
            for each in found[:_MOST_COMPLAINTS]
        ]
        raise InputError("; ".join(lines)) from None
