"""Text no database stores, taken out of what pages and models send."""

from typing import Any

from interviews.workspace.changes import clean_text


def clean_values(value: Any) -> Any:
    """Return JSON with its strings cleaned (`clean_text`), keys included."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean_values(each) for each in value]
    if isinstance(value, dict):
        return {clean_values(name): clean_values(each) for name, each in value.items()}
    return value
