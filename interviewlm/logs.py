"""Structured logs: ids in every record, JSON in production, never what people wrote."""

import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog

_VERSION = re.compile(r"^## (\d+\.\d+\.\d+)", re.MULTILINE)
# Whoever has such a link is let in, and these libraries quote what they were given.
_SECRETS = (
    re.compile(r"(?<=/i/)[^\s/]+"),
    re.compile(r"(?<=/reset/key/)[^\s/]+"),
    re.compile(r"(?<=/confirm-email/)[^\s/]+"),
    re.compile(r"(?<=input_value=).*?(?=, input_type=)", re.DOTALL),
    re.compile(r"(?<=DETAIL: ).*"),
)


def read_version(changelog: Path) -> str:
    """Return the newest version in the changelog."""
    match = _VERSION.search(changelog.read_text(encoding="utf-8"))
    return match.group(1) if match else "0.0.0"


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank the links that open something, and values quoted in exceptions."""
    for key in ("event", "exception"):
        text = event.get(key)
        if isinstance(text, str):
            for secret in _SECRETS:
                text = secret.sub("…", text)
            event[key] = text
    return event


def add_facts(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Make fields of what a record brings along as `extra={"facts": {…}}`."""
    facts: Mapping[str, Any] = getattr(event.get("_record"), "facts", {})
    event.update(facts)
    return event


def config(*, level: str, as_json: bool) -> dict[str, Any]:
    """Return Django's LOGGING: one handler on stderr, one formatter.

    Request and interview ids come from structlog's context variables, which the
    middleware and the sockets bind.
    """
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [
                    structlog.contextvars.merge_contextvars,
                    add_facts,
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                    structlog.processors.format_exc_info,
                    redact,
                ],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            }
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "structured"}
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
            "anthropic": {"level": "WARNING"},
            "botocore": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        },
    }
