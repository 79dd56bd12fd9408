"""All languages, in the order in which people are offered them."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from runner.languages import known
from runner.languages.base import Helper, Language, TestRunner
from runner.languages.linting import Linter


@cache
def list_languages() -> tuple[Language, ...]:
    """Every language of every module in `known`, by label."""
    found: list[Language] = []
    for module in iter_modules(known.__path__):
        found += import_module(f"{known.__name__}.{module.name}").LANGUAGES
    return tuple(sorted(found, key=lambda language: language.label))


def find_language(name: str) -> Language | None:
    """The language a problem names."""
    return next((each for each in list_languages() if each.name == name), None)


def find_program(suffix: str) -> str | None:
    """The program that runs files with this suffix (`.py`)."""
    found = (each.programs.get(suffix) for each in list_languages())
    return next(filter(None, found), None)


def find_linter(suffix: str) -> Linter | None:
    """The program that looks at files with this suffix (`.py`)."""
    linters = (each.linter for each in list_languages())
    return next((each for each in linters if each and suffix in each.suffixes), None)


@cache
def list_test_runners() -> tuple[TestRunner, ...]:
    """Every program for visible tests once; languages may share one."""
    named = {
        runner.name: runner
        for language in list_languages()
        for runner in language.test_runners
    }
    return tuple(named.values())


def find_test_runner(name: str) -> TestRunner | None:
    """The program whose report a problem's tests name."""
    return next((each for each in list_test_runners() if each.name == name), None)


def list_helpers() -> dict[str, Helper]:
    """Every program of ours by the name it has inside the sandbox."""
    return {
        name: helper
        for language in list_languages()
        for name, helper in language.helpers.items()
    }
