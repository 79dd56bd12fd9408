"""The catalogue of the pages' modules: only where there is one, and only ours."""

import json
import re
import struct
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils.translation import override
from pytest_django import Settings

HEAD = (
    "Content-Type: text/plain; charset=UTF-8\n"
    "Plural-Forms: nplurals=2; plural=(n != 1);\n"
)
SCRIPT = re.compile(r'<script id="js-catalogue" type="application/json">(.*?)</script>')


def write_catalogue(folder: Path, language: str, messages: dict[str, str]) -> None:
    """Write messages as msgfmt does; plural forms are parted by a null character."""
    pairs = sorted((key.encode(), value.encode()) for key, value in messages.items())
    count, start = len(pairs), 28
    words = start + 16 * count
    tables, data = b"", b""
    for side in (0, 1):
        for pair in pairs:
            tables += struct.pack("<2I", len(pair[side]), words + len(data))
            data += pair[side] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, count, start, start + 8 * count, 0, words)
    place = folder / language / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "djangojs.mo").write_bytes(head + tables + data)


@pytest.fixture
def german(settings: Settings, tmp_path: Path) -> None:
    messages = {
        "": HEAD,
        "Stop": "Halt </script>",
        "%(n)s taken\0%(n)s taken": "%(n)s genommen\0%(n)s genommene",
    }
    write_catalogue(tmp_path, "de", messages)
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [("en-gb", "English"), ("de", "Deutsch")]


@pytest.mark.usefixtures("german")
def test_page_carries_the_words_of_its_reader(client: Client) -> None:
    page = client.get("/accounts/login/", headers={"Accept-Language": "de"})
    found = SCRIPT.search(page.content.decode())
    assert found is not None
    assert json.loads(found[1]) == {
        "Stop": "Halt </script>",
        "%(n)s taken": ["%(n)s genommen", "%(n)s genommene"],
    }


@pytest.mark.usefixtures("german")
def test_administration_carries_them_as_well() -> None:
    with override("de"):
        page = render_to_string("unfold/helpers/navigation_header.html")
    assert SCRIPT.search(page)


def test_english_page_carries_none(client: Client) -> None:
    assert b"js-catalogue" not in client.get("/accounts/login/").content
