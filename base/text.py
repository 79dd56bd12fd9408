"""Text measured and cut in the units the browser uses."""

import hashlib


def utf16_length(text: str) -> int:
    """Return the length in UTF-16 code units, as JavaScript counts."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_slice(text: str, start: int, end: int | None = None) -> str:
    """Return the slice between two offsets in UTF-16 code units."""
    data = text.encode("utf-16-le", "surrogatepass")
    stop = None if end is None else end * 2
    return data[start * 2 : stop].decode("utf-16-le", "surrogatepass")


def content_hash(text: str) -> str:
    """Return the SHA-256 of the text's UTF-8 form, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def shorten(text: str, limit: int) -> str:
    """Return at most `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
