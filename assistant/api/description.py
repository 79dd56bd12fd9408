"""What the OpenAPI document says that the routes' types do not."""

from typing import Any

from pydantic import BaseModel

from assistant.api.schemas import (
    DoneEvent,
    ErrorEvent,
    FailedAnswer,
    Problem,
    TextEvent,
    ToolEvent,
)
from assistant.api.sse import MEDIA_TYPE

PROBLEMS: dict[int, Any] = {
    **dict.fromkeys((402, 403, 404, 409, 413, 422, 429), Problem),
    502: FailedAnswer,
    503: FailedAnswer | Problem,
}

EVENTS: tuple[type[BaseModel], ...] = (TextEvent, ToolEvent, DoneEvent, ErrorEvent)

# OpenAPI 3.1 has no words for a stream of events: the data of each is one of these.
ANSWER_CONTENT: dict[str, Any] = {
    "responses": {
        200: {
            "content": {
                MEDIA_TYPE: {
                    "schema": {
                        "description": (
                            "Server-sent events: queued, started, text, tool, "
                            "waiting (the next call waits for a place) and in the end "
                            "done or error. Lines that begin with a colon keep the "
                            "connection alive."
                        ),
                        "oneOf": [
                            {"$ref": f"#/components/schemas/{event.__name__}"}
                            for event in EVENTS
                        ],
                    }
                }
            }
        }
    }
}
