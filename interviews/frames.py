"""From the text of a frame to a typed one, for every socket."""

import json
from typing import TypeVar

from django.utils.translation import gettext as _
from pydantic import TypeAdapter, ValidationError

from interviews.workspace.errors import BadFrameError

MAX_FRAME_CHARS = 1_000_000

Frame = TypeVar("Frame")


def decode_frame(text: str | None) -> object:
    """Return the JSON of a frame. Raises BadFrameError for whatever is none."""
    if text is None:
        raise BadFrameError
    if len(text) > MAX_FRAME_CHARS:
        raise BadFrameError(_("This is too large to send at once."))
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadFrameError from None


def read_frame_id(raw: object) -> str | None:
    """Return the id to echo, if the frame has one that can be echoed."""
    frame_id = raw.get("id") if isinstance(raw, dict) else None
    is_usable = isinstance(frame_id, str) and len(frame_id) <= 64 and frame_id.isascii()
    return frame_id if is_usable else None


def parse_frame(frames: TypeAdapter[Frame], raw: object) -> Frame:
    """Return the typed frame. Raises BadFrameError."""
    try:
        return frames.validate_python(raw)
    except (ValidationError, RecursionError):
        raise BadFrameError from None
