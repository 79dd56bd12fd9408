"""What tools give back as text: fenced as data, cut where it is long."""

from collections.abc import Mapping
from html import escape

from assistant.context.texts import defuse

# What of one result a model is told, in characters.
OUTPUT_CHARS = 12_000
# Of what is kept, this share is the beginning; ends of logs say how it went.
_HEAD = 0.6


def truncate(text: str, limit: int) -> str:
    """Return at most about `limit` characters: head and tail, a marker between."""
    if len(text) <= limit:
        return text
    head = int(limit * _HEAD)
    tail = limit - head
    left_out = len(text) - limit
    return (
        f"{text[:head]}\n[… {left_out} characters are left out here …]\n"
        f"{text[len(text) - tail :]}"
    )


def fence(tool: str, text: str, attributes: Mapping[str, str] | None = None) -> str:
    """Return what a file or a command holds, as data that can not end its fence."""
    named = "".join(
        f' {name}="{escape(value)}"' for name, value in (attributes or {}).items()
    )
    body = truncate(defuse(text), OUTPUT_CHARS)
    return f'<tool_output tool="{escape(tool)}"{named}>\n{body}\n</tool_output>'
