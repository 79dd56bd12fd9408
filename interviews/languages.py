"""The languages problems are solved in, as the apps read them from `runner.languages`.

The table is shared by runner and apps as `runner.protocol` is: what is run inside and
what is asked for cannot drift apart. docs/languages.md says how to add one.
"""

from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import AfterValidator

from runner.languages.base import TestRunner
from runner.languages.linting import Finding, Linter, Place, Severity
from runner.languages.registry import (
    find_language,
    find_linter,
    find_program,
    find_test_runner,
    list_languages,
    list_test_runners,
)

__all__ = [
    "Finding",
    "LanguageName",
    "Linter",
    "Place",
    "Severity",
    "TestFormat",
    "TestRunner",
    "find_driver",
    "find_linter",
    "find_program",
    "find_test_runner",
    "language_choices",
    "list_test_examples",
    "test_choices",
]


def language_choices() -> list[tuple[str, str]]:
    """Name and label of every language; labels are proper names, never translated."""
    return [(language.name, language.label) for language in list_languages()]


def test_choices() -> list[tuple[str, str]]:
    """Name and label of everything that runs visible tests."""
    return [(runner.name, runner.label) for runner in list_test_runners()]


test_choices.__test__ = False  # type: ignore[attr-defined] # pytest's mark: no test


def list_test_examples() -> list[str]:
    """A command for each of them, as typed in a terminal."""
    return [runner.example for runner in list_test_runners()]


def find_driver(name: str) -> tuple[str, str] | None:
    """The program and the file of `interviews.hidden` that call a function.

    None for languages without functions that could be called.
    """
    language = find_language(name)
    return language.call_driver if language else None


def _check_language(name: str) -> str:
    if find_language(name) is None:
        known = ", ".join(each for each, _label in language_choices())
        raise ValueError(_("The language must be one of: %(names)s") % {"names": known})
    return name


def _check_test_format(name: str) -> str:
    if find_test_runner(name) is None:
        known = ", ".join(each for each, _label in test_choices())
        raise ValueError(_("The report must be one of: %(names)s") % {"names": known})
    return name


LanguageName = Annotated[str, AfterValidator(_check_language)]
TestFormat = Annotated[str, AfterValidator(_check_test_format)]
