"""Reads JSON Schema nodes: references, types, bounds, and whether a value fits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
Bounds = dict[str, float]

_BOUND_NAMES = (
    "minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|"
    "minLength|maxLength|minItems|maxItems"
)
_IN_TEXT = re.compile(rf"\b({_BOUND_NAMES})\W{{1,3}}(-?\d+(?:\.\d+)?)")
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}
MAX_REFS = 16


@dataclass(frozen=True)
class Root:
    """The whole schema, which references point into."""

    schema: Schema

    def resolve(self, node: Any) -> Schema:
        """Follow `$ref` and fold `allOf` in; a node that is no object allows all."""
        merged: dict[str, Any] = dict(node) if isinstance(node, Mapping) else {}
        for _ in range(MAX_REFS):
            reference = merged.pop("$ref", None)
            if not isinstance(reference, str):
                break
            merged = {**self._target(reference), **merged}
        for part in merged.pop("allOf", None) or []:
            merged = _merge(merged, self.resolve(part))
        return merged

    def _target(self, reference: str) -> Schema:
        node: Any = self.schema
        for step in reference.removeprefix("#").strip("/").split("/"):
            if not step:
                continue
            key = step.replace("~1", "/").replace("~0", "~")
            node = node.get(key) if isinstance(node, Mapping) else None
        return node if isinstance(node, Mapping) else {}

    def fits(self, node: Any, value: object) -> bool:
        """Whether a proposed value may stand here; containers by kind only."""
        node = self.resolve(node)
        if "const" in node:
            return bool(node["const"] == value)
        if "enum" in node:
            return value in node["enum"]
        variants = variants_of(node)
        if variants:
            return any(self.fits(variant, value) for variant in variants)
        kinds = types_of(node)
        if kinds and not any(_is_kind(value, kind) for kind in kinds):
            return False
        return _within(value, bounds_of(node))


def variants_of(node: Schema) -> list[Any]:
    variants = node.get("anyOf") or node.get("oneOf") or []
    return list(variants) if isinstance(variants, list) else []


def types_of(node: Schema) -> list[str]:
    declared = node.get("type")
    if isinstance(declared, list):
        return [str(kind) for kind in declared]
    if isinstance(declared, str):
        return [declared]
    if "properties" in node:
        return ["object"]
    return ["array"] if "items" in node or "prefixItems" in node else []


def bounds_of(node: Schema) -> Bounds:
    """Limits from keywords, or from the description the SDK moved them into."""
    bounds: Bounds = {}
    description = node.get("description")
    if isinstance(description, str):
        for name, number in _IN_TEXT.findall(description):
            bounds[name] = float(number)
    for name in _BOUND_NAMES.split("|"):
        if isinstance(node.get(name), int | float):
            bounds[name] = float(node[name])
    return bounds


def lowest(bounds: Bounds) -> float | None:
    if "exclusiveMinimum" in bounds:
        return bounds["exclusiveMinimum"] + 1
    return bounds.get("minimum")


def highest(bounds: Bounds) -> float | None:
    if "exclusiveMaximum" in bounds:
        return bounds["exclusiveMaximum"] - 1
    return bounds.get("maximum")


def _within(value: object, bounds: Bounds) -> bool:
    if isinstance(value, str):
        return bounds.get("minLength", 0) <= len(value) <= bounds.get("maxLength", 1e9)
    if isinstance(value, list):
        return bounds.get("minItems", 0) <= len(value) <= bounds.get("maxItems", 1e9)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    low, high = lowest(bounds), highest(bounds)
    return (low is None or value >= low) and (high is None or value <= high)


def _is_kind(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _PYTHON_TYPES.get(kind, (object,)))


def _merge(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**right, **left}
    if "properties" in left and "properties" in right:
        merged["properties"] = {**right["properties"], **left["properties"]}
    if "required" in left and "required" in right:
        merged["required"] = [*right["required"], *left["required"]]
    return merged
