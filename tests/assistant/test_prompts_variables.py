"""A wording is checked against what its prompt is filled with."""

import re

import pytest

from assistant.enums import PromptPurpose
from assistant.errors import PromptTextError
from assistant.services.prompts import PROMPTS_DIR
from assistant.variables import VARIABLES, check_text, find_faults, find_variables
from tests.assistant.prompts import CHAT_TEXT


@pytest.mark.parametrize("path", sorted(PROMPTS_DIR.glob("*.md")), ids=lambda p: p.name)
def test_shipped_wording_has_no_fault(path: object) -> None:
    name = str(getattr(path, "name", ""))
    text = (PROMPTS_DIR / name).read_text(encoding="utf-8")

    assert find_faults(name.partition(".")[0], text) == []


def test_every_purpose_says_what_it_is_filled_with() -> None:
    assert set(VARIABLES) == set(PromptPurpose)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"{CHAT_TEXT} {{{{ salary }}}}", "“{{ salary }}” is unknown here."),
        (CHAT_TEXT.replace("{{ policy }}", "no"), "“{{ policy }}” is missing."),
        (f"{CHAT_TEXT}\n{{{{title}}}}", "Line 2 has “{{” that opens no variable."),
        (f"{{{{ {CHAT_TEXT}", "Line 1 has “{{” that opens no variable."),
        (f"{CHAT_TEXT} {{{{ a-b }}}}", "Line 1 has “{{”"),
        (" \n", "The text is empty."),
        (CHAT_TEXT + "x" * 100_000, "the limit is 100000"),
    ],
    ids=["unknown", "missing", "no-spaces", "never-closed", "no-name", "empty", "long"],
)
def test_fault_is_named(text: str, named: str) -> None:
    with pytest.raises(PromptTextError, match=re.escape(named)):
        check_text(PromptPurpose.CHAT, text)


def test_every_fault_is_named_at_once() -> None:
    faults = find_faults(PromptPurpose.SCORE, "{{ a }} {{ b }}\n{{")

    assert [fault.split(" ")[:3] for fault in faults] == [
        ["“{{", "a", "}}”"],
        ["“{{", "b", "}}”"],
        ["“{{", "problems", "}}”"],
        ["“{{", "rubric", "}}”"],
        ["Line", "2", "has"],
    ]


def test_variables_are_listed_once_in_order() -> None:
    assert find_variables("{{ b }} {{ a }} {{ b }} {a} {{c}}") == ["b", "a"]
