"""The registry of event kinds: each a typed, versioned payload."""

from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from interviews.models import Event


class Payload(BaseModel):
    """Base of every payload. A changed shape is a new class with a higher version."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ClassVar[str]
    payload_version: ClassVar[int] = 1


class UnknownKindError(LookupError):
    """An event whose kind and version nobody registered."""


_PayloadType = TypeVar("_PayloadType", bound=type[Payload])
_kinds: dict[tuple[str, int], type[Payload]] = {}


def register_kind(payload_type: _PayloadType) -> _PayloadType:
    """Make a payload class known; a class decorator.

    Raises ValueError when two classes claim the same kind and version.
    """
    key = (payload_type.kind, payload_type.payload_version)
    if _kinds.setdefault(key, payload_type) is not payload_type:
        raise ValueError(f"Event kind {key} is registered twice.")
    return payload_type


def registered_kinds() -> dict[tuple[str, int], type[Payload]]:
    """Return every known kind."""
    return dict(_kinds)


def parse_payload(event: Event) -> Payload:
    """Return the typed payload of a stored event.

    Raises UnknownKindError for a kind nobody registered.
    """
    try:
        payload_type = _kinds[(event.kind, event.version)]
    except KeyError:
        raise UnknownKindError(f"{event.kind} v{event.version}") from None
    return payload_type.model_validate(event.payload)
