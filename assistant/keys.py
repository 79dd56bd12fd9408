"""The keys of each provider: read anew when their file changes, never shown."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from django.conf import settings

ANTHROPIC = "anthropic"


@dataclass(frozen=True)
class Key:
    """A key; `label` stands for it in the ledger, in logs and in health."""

    label: str
    secret: str = field(repr=False)


# What each file held when it was last read, by its path, change time and size.
_files: dict[Path, tuple[tuple[int, int], str]] = {}


def find_key(provider: str) -> Key | None:
    """Return a provider's first key, None where it has none."""
    keys = read_keys(provider)
    return keys[0] if keys else None


def read_keys(provider: str) -> list[Key]:
    """Return a provider's keys, each label once."""
    if provider != ANTHROPIC:
        return _unique(_read_gateway_keys(provider))
    path = settings.ANTHROPIC_API_KEYS_PATH
    several = [
        _parse(item) for item in _items(settings.ANTHROPIC_API_KEYS, path) if item
    ]
    if settings.ANTHROPIC_API_KEY:
        own = Key(settings.ANTHROPIC_KEY_LABEL, settings.ANTHROPIC_API_KEY)
        several.insert(0, own)
    return _unique(several)


def _read_gateway_keys(provider: str) -> list[Key]:
    path = settings.ASSISTANT_GATEWAY_KEYS_PATH
    pairs = (
        item.partition("=") for item in _items(settings.ASSISTANT_GATEWAY_KEYS, path)
    )
    return [
        Key(f"{provider}-{_fingerprint(secret.strip())}", secret.strip())
        for name, _equals, secret in pairs
        if name.strip() == provider and secret.strip()
    ]


def _items(value: str, path: Path | None) -> list[str]:
    text = value if path is None else _read_file(path, value)
    parts = text.replace("\n", ",").split(",")
    return [item.strip() for item in parts if item.strip()]


def _read_file(path: Path, before: str) -> str:
    """Return the file's text, read anew only if it changed; `before` if it is gone."""
    try:
        about = path.stat()
        version = (about.st_mtime_ns, about.st_size)
        if _files.get(path, (None, ""))[0] != version:
            _files[path] = (version, path.read_text(encoding="utf-8"))
    except OSError:
        return _files[path][1] if path in _files else before
    return _files[path][1]


def _parse(item: str) -> Key:
    """Read `label=key` or a bare key, which is named by a fingerprint."""
    label, equals, secret = item.partition("=")
    if equals and secret.strip() and len(label) <= 40:
        return Key(label.strip(), secret.strip())
    return Key(f"key-{_fingerprint(item)}", item)


def _fingerprint(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()[:6]


def _unique(keys: list[Key]) -> list[Key]:
    found: dict[str, Key] = {}
    for key in keys:
        found.setdefault(key.label, key)
    return list(found.values())
