"""The upload routes as the OpenAPI document tells them; the views are their own."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from recordings.capture_notes import CaptureNotes
from recordings.schemas import (
    Confirmation,
    Manifest,
    SegmentOpening,
    Standing,
    TicketAnswer,
    TicketRequest,
)

_RECORDINGS = "/api/v1/interviews/{interview_id}/recordings"
_SEGMENTS = f"{_RECORDINGS}/segments"
_CHUNK = f"{_SEGMENTS}/{{segment_id}}/chunks/{{index}}"
_PROBLEM = {
    "description": "Refused",
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    },
}


_REFUSALS = (400, 403, 404, 409, 413, 415, 429, 503)


@dataclass(frozen=True)
class Described:
    """Paths of an OpenAPI document, and the models they refer to."""

    paths: dict[str, Any]
    models: tuple[type[BaseModel], ...]


def describe_uploads() -> Described:
    """Return the upload protocol; docs/protocol.md says what it means."""
    paths = {
        _SEGMENTS: {"post": _open_segment()},
        f"{_CHUNK}/ticket": {"post": _issue_ticket()},
        _CHUNK: {"put": _store_chunk()},
        f"{_CHUNK}/confirm": {"post": _confirm_chunk()},
        f"{_SEGMENTS}/{{segment_id}}/close": {"post": _close_segment()},
        f"{_RECORDINGS}/manifest": {"get": _show_manifest()},
        f"{_RECORDINGS}/notes": {"post": _store_notes()},
    }
    models = (
        SegmentOpening,
        TicketRequest,
        TicketAnswer,
        Confirmation,
        Manifest,
        Standing,
        CaptureNotes,
    )
    return Described(paths, models)


def _open_segment() -> dict[str, Any]:
    return _operation(
        "open_segment",
        "Announce a recorder that has begun",
        body=_json_body(SegmentOpening),
        answers=(200, 201),
    )


def _issue_ticket() -> dict[str, Any]:
    described = _operation(
        "issue_ticket",
        "Ask how a chunk is to be sent; room is kept for it",
        body=_json_body(TicketRequest),
        answers=(200,),
        parameters=_place(),
    )
    return _answering(described, TicketAnswer, "Stored already, or where to put it")


def _store_chunk() -> dict[str, Any]:
    return _operation(
        "store_chunk",
        "Store a chunk through this server; the answer is the acknowledgement",
        body={
            "required": True,
            "content": {"application/octet-stream": {"schema": {}}},
        },
        answers=(200, 201),
        parameters=[
            *_place(),
            _parameter("X-Chunk-Sha256", "header", "string"),
            _parameter("X-Chunk-Start-Ms", "header", "integer"),
            _parameter("X-Chunk-Duration-Ms", "header", "integer"),
        ],
    )


def _confirm_chunk() -> dict[str, Any]:
    return _operation(
        "confirm_chunk",
        "Say that a chunk was put into the bucket",
        body=_json_body(Confirmation),
        answers=(200, 201),
        parameters=_place(),
    )


def _close_segment() -> dict[str, Any]:
    return _operation(
        "close_segment",
        "Say that a recorder has ended and what it gave",
        body=_json_body(Manifest),
        answers=(200,),
        parameters=[_parameter("segment_id", "path", "string", "uuid")],
    )


def _show_manifest() -> dict[str, Any]:
    described = _operation(
        "show_manifest",
        "Read what is stored of the recording, and where the holes are",
        body=None,
        answers=(200,),
    )
    return _answering(described, Standing, "What is stored")


def _store_notes() -> dict[str, Any]:
    return _operation(
        "store_notes",
        "Note what the page saw of its devices",
        body=_json_body(CaptureNotes),
        answers=(200,),
    )


def _place() -> list[dict[str, Any]]:
    return [
        _parameter("segment_id", "path", "string", "uuid"),
        _parameter("index", "path", "integer"),
    ]


def _answering(
    described: dict[str, Any], model: type[BaseModel], words: str
) -> dict[str, Any]:
    """Say what the answer of 200 holds."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    content = {"application/json": {"schema": schema}}
    described["responses"]["200"] = {"description": words, "content": content}
    return described


def _operation(
    name: str,
    summary: str,
    *,
    body: dict[str, Any] | None,
    answers: tuple[int, ...],
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Describe a call; each may be repeated, the same content again answers 2xx."""
    known = {200: "Known already, or done", 201: "Stored"}
    done = {str(status): {"description": known[status]} for status in answers}
    refusals = {str(status): _PROBLEM for status in _REFUSALS}
    interview = _parameter("interview_id", "path", "string", "uuid")
    described: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "tags": ["recordings"],
        "parameters": [interview, *(parameters or [])],
        "responses": {**done, **refusals},
        "security": [{"CandidateCookie": []}],
    }
    if body is not None:
        described["requestBody"] = body
    return described


def _json_body(model: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, place: str, kind: str, form: str = "") -> dict[str, Any]:
    schema = {"type": kind, "format": form} if form else {"type": kind}
    return {"name": name, "in": place, "required": True, "schema": schema}
