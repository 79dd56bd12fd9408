"""The upload routes as the OpenAPI document tells them; the views are their own."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from recordings.schemas import Manifest, SegmentOpening

_SEGMENTS = "/api/v1/interviews/{interview_id}/recordings/segments"
_PROBLEM = {
    "description": "Refused",
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    },
}


@dataclass(frozen=True)
class Described:
    """Paths of an OpenAPI document, and the models they refer to."""

    paths: dict[str, Any]
    models: tuple[type[BaseModel], ...]


def describe_uploads() -> Described:
    """Return the upload protocol; docs/protocol.md says what it means."""
    paths = {
        _SEGMENTS: {
            "post": _operation(
                "open_segment",
                "Announce a recorder that has begun",
                body=_json_body(SegmentOpening),
                answers=(200, 201),
            )
        },
        f"{_SEGMENTS}/{{segment_id}}/chunks/{{index}}": {
            "put": _operation(
                "store_chunk",
                "Store a chunk",
                body={
                    "required": True,
                    "content": {"application/octet-stream": {"schema": {}}},
                },
                answers=(200, 201),
                parameters=[
                    _parameter("segment_id", "path", "string", "uuid"),
                    _parameter("index", "path", "integer"),
                    _parameter("X-Chunk-Sha256", "header", "string"),
                    _parameter("X-Chunk-Start-Ms", "header", "integer"),
                    _parameter("X-Chunk-Duration-Ms", "header", "integer"),
                ],
            )
        },
        f"{_SEGMENTS}/{{segment_id}}/close": {
            "post": _operation(
                "close_segment",
                "Say that a recorder has ended and what it gave",
                body=_json_body(Manifest),
                answers=(200,),
                parameters=[_parameter("segment_id", "path", "string", "uuid")],
            )
        },
    }
    return Described(paths, (SegmentOpening, Manifest))


def _operation(
    name: str,
    summary: str,
    *,
    body: dict[str, Any],
    answers: tuple[int, ...],
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Describe a call; each may be repeated, the same content again answers 2xx."""
    known = {200: "Known already, or done", 201: "Stored"}
    done = {str(status): {"description": known[status]} for status in answers}
    refusals = {str(status): _PROBLEM for status in (400, 403, 404, 409, 413, 503)}
    interview = _parameter("interview_id", "path", "string", "uuid")
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["recordings"],
        "parameters": [interview, *(parameters or [])],
        "requestBody": body,
        "responses": {**done, **refusals},
        "security": [{"CandidateCookie": []}],
    }


def _json_body(model: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, place: str, kind: str, form: str = "") -> dict[str, Any]:
    schema = {"type": kind, "format": form} if form else {"type": kind}
    return {"name": name, "in": place, "required": True, "schema": schema}
