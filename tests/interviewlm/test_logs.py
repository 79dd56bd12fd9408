"""Logs: ids in every line, never a link that opens something."""

import io
import json
import logging
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pydantic import BaseModel, ValidationError

from interviewlm import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Collect what the root logger would write in production."""
    config = logs.config(level="INFO", as_json=True)["formatters"]["structured"]
    formatter = config.pop("()")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(**config))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_line_carries_request_and_interview(
    db: None, client: Client, lines: io.StringIO
) -> None:
    interview = str(uuid.uuid4())
    answer = client.get(f"/interviews/{interview}/nothing-here/")
    [line] = [line for line in read(lines) if line["logger"] == "django.request"]
    assert line["request"] == answer["X-Request-ID"]
    assert line["interview"] == interview
    assert line["level"] == "warning"


@pytest.mark.parametrize(
    "path",
    [
        "/i/abc123.1~S3cret/typo",
        "/accounts/password/reset/key/S3cret/typo",
        "/accounts/confirm-email/S3cret/typo",
    ],
)
def test_line_carries_no_link(
    db: None, client: Client, lines: io.StringIO, path: str
) -> None:
    client.get(path)
    assert read(lines)
    assert "S3cret" not in lines.getvalue()


def test_facts_of_a_record_are_fields_of_its_line(lines: io.StringIO) -> None:
    facts = {"turn": "t-1", "request_id": "req_1", "first_text_ms": None}
    logging.getLogger("x").warning("Turn %s ended", "t-1", extra={"facts": facts})
    [line] = read(lines)
    assert {name: line[name] for name in facts} == facts
    assert line["event"] == "Turn t-1 ended"


def test_exception_quotes_no_input(lines: io.StringIO) -> None:
    class Frame(BaseModel):
        number: int

    given = "\n".join(["what the", "candidate", "wrote"])
    try:
        Frame.model_validate({"number": given})
    except ValidationError:
        logging.getLogger("interviews").exception("Bad frame")
    [line] = read(lines)
    assert "ValidationError" in line["exception"]
    assert "input_value=…" in line["exception"]
    assert given not in line["exception"]


def test_exception_in_development_is_plain() -> None:
    config = logs.config(level="INFO", as_json=False)["formatters"]["structured"]
    formatter = config.pop("()")(**config)
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.getLogger("x").makeRecord(
            "x", logging.ERROR, "f", 1, "Failed", (), __import__("sys").exc_info()
        )
    assert "ValueError: broken" in formatter.format(record)


def test_version_is_the_newest(tmp_path: Path) -> None:
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n\n## 1.2.0 - today\n\n## 1.1.9\n")
    assert logs.read_version(changelog) == "1.2.0"
    changelog.write_text("# Changelog\n")
    assert logs.read_version(changelog) == "0.0.0"
