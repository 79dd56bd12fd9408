"""What a language says about itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from runner.languages.linting import Linter

# Takes the arguments after the program's name, returns the exit code.
Helper = Callable[[Sequence[str]], int]


class AddReport(Protocol):
    """Returns `command` with what makes it write JUnit XML to `target`, too.

    `files` are the paths in the run's folder, for runners that take no folders.
    """

    def __call__(
        self, command: Sequence[str], *, target: str, files: Sequence[str]
    ) -> tuple[str, ...]: ...


def add_report_option(
    command: Sequence[str], *, target: str, files: Sequence[str]
) -> tuple[str, ...]:
    """For test programs of ours: they take `--report=FILE`."""
    del files
    return (*command, f"--report={target}")


@dataclass(frozen=True, slots=True)
class TestRunner:
    """A program that runs visible tests; `name` is kept with every problem's tests."""

    __test__ = False

    name: str
    label: str
    example: str
    add_report: AddReport = add_report_option


@dataclass(frozen=True, slots=True)
class Language:
    """One language candidates work in.

    `name` is stored with problems (at most 12 characters, never changed), `programs`
    maps a suffix to the program that runs such a file, `version` is a command whose
    first line of output is the version and which fails where the language cannot be
    used. `needs` completes "… needs" for the operator of a machine without it.
    `call_driver` is the program and the file of `interviews.hidden` that call a
    candidate's function, for languages that have functions to call. `linter` finds
    what the editor marks; languages may share one. `helpers` are programs of ours,
    found on the path inside the sandbox; they may use the standard library and this
    package only.
    """

    name: str
    label: str
    programs: Mapping[str, str]
    version: tuple[str, ...]
    needs: str
    test_runners: tuple[TestRunner, ...]
    call_driver: tuple[str, str] | None = None
    linter: Linter | None = None
    helpers: Mapping[str, Helper] = field(default_factory=dict)
