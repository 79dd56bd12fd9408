"""Builds JSON that conforms to a schema, the same for the same request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from assistant.simulator.schemas import (
    Root,
    Schema,
    bounds_of,
    highest,
    lowest,
    types_of,
    variants_of,
)

UNKNOWN = object()
MAX_DEPTH = 12
FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "date": "2026-01-01",
    "duration": "PT1H",
    "email": "simulated@example.com",
    "hostname": "simulated.example.com",
    "uri": "https://example.com/simulated",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


@dataclass(frozen=True)
class Spot:
    """A place in the result: the way to it, its name, and what may stand there."""

    path: tuple[str | int, ...]
    node: Schema

    @property
    def name(self) -> str:
        names = [step for step in self.path if isinstance(step, str)]
        return names[-1] if names else ""

    @property
    def number(self) -> int:
        """Counts from one inside the nearest list."""
        return next(
            (step + 1 for step in reversed(self.path) if isinstance(step, int)), 1
        )


class Recogniser(Protocol):
    """Knows what belongs in certain places; `UNKNOWN` and None leave it generic."""

    def value(self, spot: Spot, root: Root) -> object: ...

    def length(self, spot: Spot, root: Root) -> int | None: ...


class Generic:
    """Knows nothing but the number of things the message asks for."""

    def __init__(self, message: str = "") -> None:
        self._message = message

    def value(self, spot: Spot, root: Root) -> object:
        del spot, root
        return UNKNOWN

    def length(self, spot: Spot, root: Root) -> int | None:
        del root
        name = re.escape(spot.name.replace("_", " "))
        asked = re.search(rf"\b(\d{{1,2}})\s+(?:[\w-]+\s+)?{name}\b", self._message)
        return int(asked[1]) if asked and name else None


def build(schema: Schema, recogniser: Recogniser) -> Any:
    return _Builder(Root(schema), recogniser).at((), schema)


class _Builder:
    def __init__(self, root: Root, recogniser: Recogniser) -> None:
        self._root = root
        self._recogniser = recogniser

    def at(self, path: tuple[str | int, ...], node: Any) -> Any:
        node = self._root.resolve(node)
        spot = Spot(path, node)
        known = self._recogniser.value(spot, self._root)
        if known is not UNKNOWN and self._root.fits(node, known):
            return known
        if "const" in node:
            return node["const"]
        if node.get("enum"):
            return node["enum"][0]
        variants = variants_of(node)
        if variants:
            return self.at(path, self._variant(variants, path))
        return self._of_kind(spot)

    def _variant(self, variants: list[Any], path: tuple[str | int, ...]) -> Schema:
        """The first that is not null; once deep, the one that ends soonest."""
        nodes = [self._root.resolve(variant) for variant in variants]
        plain = [node for node in nodes if types_of(node) != ["null"]]
        if len(path) < MAX_DEPTH:
            return (plain or nodes)[0]
        return min(nodes, key=lambda node: "object" in types_of(node))

    def _of_kind(self, spot: Spot) -> Any:
        kinds = [kind for kind in types_of(spot.node) if kind != "null"]
        kind = kinds[0] if kinds else "null"
        if not types_of(spot.node):
            return _string(spot)
        if kind == "object":
            return self._object(spot)
        if kind == "array":
            return self._array(spot)
        if kind in {"integer", "number"}:
            return _number(spot, kind)
        if kind == "boolean":
            return False
        return _string(spot) if kind == "string" else None

    def _object(self, spot: Spot) -> dict[str, Any]:
        properties = spot.node.get("properties") or {}
        required = set(spot.node.get("required") or [])
        deep = len(spot.path) >= MAX_DEPTH
        return {
            name: self.at((*spot.path, name), child)
            for name, child in properties.items()
            if isinstance(child, Mapping) and (name in required or not deep)
        }

    def _array(self, spot: Spot) -> list[Any]:
        bounds = bounds_of(spot.node)
        least, most = int(bounds.get("minItems", 0)), bounds.get("maxItems", 100)
        wanted = self._recogniser.length(spot, self._root)
        if wanted is None:
            wanted = 0 if len(spot.path) >= MAX_DEPTH else 1
        length = int(min(max(wanted, least), most))
        prefix = list(spot.node.get("prefixItems") or [])
        length = max(length, len(prefix))
        rest = spot.node.get("items")
        nodes = [*prefix, *([rest] * (length - len(prefix)))]
        return [self.at((*spot.path, index), node) for index, node in enumerate(nodes)]


def _number(spot: Spot, kind: str) -> int | float:
    bounds = bounds_of(spot.node)
    low, high = lowest(bounds), highest(bounds)
    value = float(spot.number)
    step = bounds.get("multipleOf", 0)
    if step:
        value = step * max(1, -(-(low or step) // step))
    if high is not None:
        value = min(value, high)
    if low is not None:
        value = max(value, low)
    return int(value) if kind == "integer" or value.is_integer() else value


def _string(spot: Spot) -> str:
    known = FORMATS.get(str(spot.node.get("format")))
    if known is not None:
        return known
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]", " ", spot.name).lower()
    number = f" {spot.number}" if any(isinstance(s, int) for s in spot.path) else ""
    text = f"Simulated {words or 'value'}{number}"
    bounds = bounds_of(spot.node)
    least = int(bounds.get("minLength", 0))
    while len(text) < least:
        text += " simulated"
    return text[: int(bounds.get("maxLength", len(text)))]
