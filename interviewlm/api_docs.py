"""The API's documentation as a plain page of ours: no script, nothing from elsewhere."""

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from interviews.markdown import render_markdown

REFERENCE = "#/components/schemas/{model}"


def describe_models(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """Return the JSON schemas of the models by name, as the document refers to them."""
    _names, schema = models_json_schema(
        [(model, "serialization") for model in models], ref_template=REFERENCE
    )
    found: dict[str, Any] = schema.get("$defs", {})
    return found


class PlainDocs(DocsBase):
    """Shows the OpenAPI document as headings, tables and JSON."""

    def render_page(
        self, request: HttpRequest, api: NinjaAPI, **kwargs: Any
    ) -> HttpResponse:
        """Render the page."""
        document = api.get_openapi_schema(path_params=kwargs)
        context = {
            "info": document["info"],
            "about": render_markdown(document["info"]["description"]),
            "address": self.get_openapi_url(api, kwargs),
            "operations": _list_operations(document["paths"]),
            "shapes": [
                (name, _as_text(shape))
                for name, shape in sorted(document["components"]["schemas"].items())
            ],
        }
        return render(request, "api_docs.html", context)


def _list_operations(paths: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("summary", ""),
            "about": render_markdown(operation.get("description", "")),
            "parameters": [
                {**one, "type": _name_type(one.get("schema", {}))}
                for one in operation.get("parameters", [])
            ],
            "bodies": _list_contents(operation.get("requestBody", {})),
            "answers": [
                {
                    "status": status,
                    "description": answer["description"],
                    "contents": _list_contents(answer),
                }
                for status, answer in operation["responses"].items()
            ],
        }
        for path, operations in paths.items()
        for method, operation in operations.items()
    ]


def _list_contents(part: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (media type, the name of the shape)."""
    return [
        (media_type, _name_type(content.get("schema", {})))
        for media_type, content in part.get("content", {}).items()
    ]


def _name_type(schema: dict[str, Any]) -> str:
    """Return a shape's name, or its type in a word."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " | ".join(_name_type(one) for one in schema[several])
    return str(schema.get("format") or schema.get("type") or schema.get("title", ""))


def _as_text(shape: dict[str, Any]) -> str:
    return json.dumps(shape, indent=2, ensure_ascii=False)
