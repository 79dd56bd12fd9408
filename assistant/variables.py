"""Which variables the prompt of each purpose is filled with, and checking a wording.

Whoever fills a prompt (`assistant.context`, `assistant.scoring`) gives a value to
every variable allowed here, so that a wording that was saved can always be sent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from assistant.enums import PromptPurpose
from assistant.errors import PromptTextError

MAX_CHARS = 100_000
PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")


@dataclass(frozen=True)
class Variables:
    """What a wording must hold, and what it may hold besides."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()

    @property
    def allowed(self) -> frozenset[str]:
        """All of them."""
        return self.required | self.optional


VARIABLES: Mapping[PromptPurpose, Variables] = {
    PromptPurpose.CHAT: Variables(
        required=frozenset({"policy", "policy_text", "statement"}),
        optional=frozenset(
            {
                "language",
                "title",
                "difficulty",
                "problem_language",
                "minutes",
                "hints",
            }
        ),
    ),
    PromptPurpose.HINT: Variables(
        required=frozenset({"policy_text", "statement", "hints"}),
        optional=frozenset(
            {"language", "title", "difficulty", "problem_language", "minutes"}
        ),
    ),
    PromptPurpose.SCORE: Variables(
        required=frozenset({"rubric", "problems"}), optional=frozenset({"language"})
    ),
}


def find_variables(text: str) -> list[str]:
    """Return the names that are filled in, each once, in order."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


def find_faults(purpose: str, text: str) -> list[str]:
    """Return a sentence for everything that keeps a wording from being used."""
    if not text.strip():
        return [_("The text is empty.")]
    if len(text) > MAX_CHARS:
        return [
            _("The text has %(count)d characters; the limit is %(limit)d.")
            % {"count": len(text), "limit": MAX_CHARS}
        ]
    variables = VARIABLES[PromptPurpose(purpose)]
    found = find_variables(text)
    faults = [
        _("“{{ %(name)s }}” is unknown here. Known are: %(known)s.")
        % {"name": name, "known": ", ".join(sorted(variables.allowed))}
        for name in found
        if name not in variables.allowed
    ]
    faults += [
        _("“{{ %(name)s }}” is missing.") % {"name": name}
        for name in sorted(variables.required - set(found))
    ]
    return faults + [
        _(
            "Line %(line)d has “{{” that opens no variable. Variables are written "
            "“{{ name }}”, with one space on each side."
        )
        % {"line": line}
        for line in _stray_lines(text)
    ]


def check_text(purpose: str, text: str) -> None:
    """Raise PromptTextError naming every fault."""
    faults = find_faults(purpose, text)
    if faults:
        raise PromptTextError(" ".join(faults))


def _stray_lines(text: str) -> list[int]:
    return [
        number
        for number, line in enumerate(text.split("\n"), start=1)
        if "{{" in PLACEHOLDER.sub("", line)
    ]
