"""Typed readers of environment variables for the settings file."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def env_str(name: str, default: str | None = None) -> str:
    """Return the variable, or the content of the file that `NAME_FILE` points to.

    Raises ImproperlyConfigured when neither is set and there is no default.
    """
    value = os.environ.get(name)
    if value is not None and value != "":
        return value
    file = os.environ.get(f"{name}_FILE")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE names {file}, which cannot be read: {error.strerror}."
            ) from error
    if default is None:
        raise ImproperlyConfigured(f"Set {name} (see .env.example).")
    return default


def env_file(name: str) -> Path | None:
    """Return the file that `NAME_FILE` points to, where the variable itself is not set.

    For secrets that are read again when the file changes.
    """
    file = os.environ.get(f"{name}_FILE")
    return Path(file) if file and not os.environ.get(name) else None


def env_bool(name: str, *, default: bool) -> bool:
    """Return the variable as a yes or no."""
    value = env_str(name, str(default)).lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be yes or no, not “{value}”.")


def env_int(name: str, default: int) -> int:
    """Return the variable as a whole number."""
    value = env_str(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be a whole number, not “{value}”."
        ) from error


def env_list(name: str, default: str = "") -> list[str]:
    """Return the comma-separated variable as a list without empty items."""
    return [item.strip() for item in env_str(name, default).split(",") if item.strip()]


def env_choice(name: str, choices: tuple[str, ...], default: str) -> str:
    """Return the variable if it is one of `choices`."""
    value = env_str(name, default)
    if value not in choices:
        raise ImproperlyConfigured(
            f"{name} must be one of {', '.join(choices)}, not “{value}”."
        )
    return value


def env_path(name: str, default: Path) -> Path:
    """Return the variable as an absolute path."""
    return Path(env_str(name, str(default))).expanduser().resolve()
