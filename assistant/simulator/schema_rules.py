"""The part of JSON Schema that structured output accepts; the rest is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistant.simulator.errors import ApiError

WHERE = "output_config.format.schema"
UNSUPPORTED: dict[str, frozenset[str]] = {
    "integer": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    ),
    "number": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    ),
    "string": frozenset({"minLength", "maxLength"}),
    "array": frozenset({"maxItems", "uniqueItems", "contains"}),
    "object": frozenset({"minProperties", "maxProperties", "patternProperties"}),
}


def check_schema(schema: Mapping[str, object], where: str = WHERE) -> None:
    """Raise the 400 the API gives for a schema outside its subset."""
    try:
        for node in walk(schema):
            _check_node(node, where)
    except RecursionError as error:
        raise _refused(where, "Schema is too deeply nested") from error


def walk(node: object) -> Iterator[Mapping[str, object]]:
    """Every schema inside a schema; `enum`, `const` and `required` are not schemas."""
    if not isinstance(node, Mapping):
        return
    yield node
    for key in ("properties", "$defs", "definitions"):
        children = node.get(key)
        if isinstance(children, Mapping):
            for child in children.values():
                yield from walk(child)
    for key in ("anyOf", "allOf", "oneOf", "prefixItems"):
        variants = node.get(key)
        if isinstance(variants, list):
            for child in variants:
                yield from walk(child)
    yield from walk(node.get("items"))


def _check_node(node: Mapping[str, object], where: str) -> None:
    kinds = _types(node)
    for kind in kinds:
        banned = sorted(UNSUPPORTED.get(kind, frozenset()) & node.keys())
        if banned:
            names = ", ".join(banned)
            raise _refused(
                where, f"For '{kind}' type, properties {names} are not supported"
            )
    if "object" in kinds and node.get("additionalProperties") is not False:
        raise _refused(
            where,
            "For 'object' type, 'additionalProperties' must be explicitly set to false",
        )
    if "array" in kinds and node.get("minItems", 0) not in {0, 1}:
        raise _refused(
            where,
            "For 'array' type, 'minItems' values other than 0 or 1 are not supported",
        )
    reference = node.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        raise _refused(where, f"External $ref '{reference}' is not supported")


def _types(node: Mapping[str, object]) -> list[str]:
    declared = node.get("type")
    if isinstance(declared, list):
        return [kind for kind in declared if isinstance(kind, str)]
    return [declared] if isinstance(declared, str) else []


def _refused(where: str, message: str) -> ApiError:
    return ApiError(400, f"{where}: {message}")
