"""Typed reading of decoded JSON objects: every field is checked exactly once."""

import base64
import binascii
import math
import re
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

MAX_PATH_CHARS = 512
MAX_PATH_PARTS = 32
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class ProtocolError(ValueError):
    """A frame that does not follow the protocol; `run` names the run it was about,
    `request` the id of the request."""

    def __init__(self, message: str, *, run: str = "", request: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.run = run
        self.request = request


class Fields:
    """One JSON object, read field by field with its types checked."""

    def __init__(self, data: object, *, where: str) -> None:
        if not isinstance(data, dict):
            raise ProtocolError(f"{where} must be an object.")
        self._data = data
        self._where = where

    def has(self, name: str) -> bool:
        return self._data.get(name) is not None

    def text(self, name: str, *, limit: int, default: str | None = None) -> str:
        value = self._data.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self._bad(name, "must be text")
        if len(value) > limit:
            raise self._bad(name, f"is longer than {limit} characters")
        if not is_encodable(value):
            raise self._bad(name, "is not valid Unicode")
        return value

    def integer(
        self, name: str, *, low: int, high: int, default: int | None = None
    ) -> int:
        value = self._data.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._bad(name, "must be a whole number")
        if not low <= value <= high:
            raise self._bad(name, f"must lie between {low} and {high}")
        return value

    def optional_integer(self, name: str, *, low: int, high: int) -> int | None:
        return self.integer(name, low=low, high=high) if self.has(name) else None

    def optional_number(self, name: str) -> float | None:
        """A positive finite number, or None where the field is absent."""
        value = self._data.get(name)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._bad(name, "must be a number")
        if not math.isfinite(value) or value <= 0:
            raise self._bad(name, "must be a positive number")
        return float(value)

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self._data.get(name, default)
        if not isinstance(value, bool):
            raise self._bad(name, "must be true or false")
        return value

    def data(self, name: str, *, limit: int) -> bytes:
        value = self._data.get(name)
        if value is None:
            return b""
        if not isinstance(value, str):
            raise self._bad(name, "must be base64 text")
        try:
            decoded = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise self._bad(name, "is not base64") from None
        if len(decoded) > limit:
            raise self._bad(name, f"is larger than {limit} bytes")
        return decoded

    def items(
        self, name: str, read: Callable[[object], T], *, limit: int
    ) -> tuple[T, ...]:
        value = self._data.get(name, [])
        if not isinstance(value, list):
            raise self._bad(name, "must be a list")
        if len(value) > limit:
            raise self._bad(name, f"has more than {limit} entries")
        return tuple(read(item) for item in value)

    def strings(self, name: str) -> dict[str, str]:
        value = self._data.get(name, {})
        if not isinstance(value, dict):
            raise self._bad(name, "must be an object")
        for key, item in value.items():
            if not isinstance(item, str) or "\0" in item or not is_encodable(item):
                raise self._bad(f"{name}.{key[:64]}", "must be text")
        return dict(value)

    def numbers(self, name: str) -> dict[str, float]:
        value = self._data.get(name, {})
        if not isinstance(value, dict):
            raise self._bad(name, "must be an object")
        for key, item in value.items():
            if not isinstance(item, int | float) or isinstance(item, bool):
                raise self._bad(f"{name}.{key[:64]}", "must be a number")
        return dict(value)

    def child(self, name: str) -> "Fields":
        return Fields(self._data.get(name, {}), where=f"{self._where}.{name}")

    def uuid(self, name: str) -> str:
        value = self.text(name, limit=36)
        if not _UUID.fullmatch(value):
            raise self._bad(name, "must be a UUID in lower case")
        return value

    def run(self) -> str:
        return self.uuid("run")

    def _bad(self, name: str, problem: str) -> ProtocolError:
        return ProtocolError(f"{self._where}.{name} {problem}.")


def is_encodable(value: str) -> bool:
    """False for text with lone surrogates, which no UTF-8 can carry."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_relative_path(value: str) -> str:
    """The path itself when it stays below the workspace root; else ProtocolError."""
    parts = value.split("/")
    bad = (
        not value
        or len(value) > MAX_PATH_CHARS
        or len(parts) > MAX_PATH_PARTS
        or any(part in {"", ".", ".."} or len(part.encode()) > 255 for part in parts)
        or any(ord(char) < 32 or ord(char) == 127 for char in value)
    )
    if bad:
        raise ProtocolError("A path must be relative and stay in the workspace.")
    return value


def read_path(item: object) -> str:
    """One path out of a JSON list, checked."""
    if not isinstance(item, str) or not is_encodable(item):
        raise ProtocolError("A path must be text.")
    return check_relative_path(item)
