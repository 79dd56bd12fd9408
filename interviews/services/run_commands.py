"""What a run executes: the command made from what was asked, and the runner's spec."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from django.conf import settings
from django.utils.translation import gettext as _

from interviews.enums import RunKind
from interviews.errors import PathError
from interviews.languages import find_program, find_test_runner
from interviews.models import Run
from interviews.reports import WORKSPACE, test_command
from interviews.runner_client import LimitRequest, RunSpec
from interviews.selectors.sections import Section, find_section
from interviews.workspace.errors import MissingError

# A report that an earlier run left is none of this one. Nothing else is changed.
_WITHOUT_OLD_REPORT = ("sh", "-c", 'rm -rf -- "$0"; exec "$@"')
_SHELL = ("bash", "-c")


AskedKind = Literal["tests", "file", "command"]


@dataclass(frozen=True)
class RunRequest:
    """What a candidate asks for: `path` for a file, `command` for a line of shell."""

    kind: AskedKind
    path: str | None = None
    command: str = ""


def make_argv(section: Section, asked: RunRequest, paths: Sequence[str]) -> list[str]:
    """Return the command, to be run in the section's folder.

    `paths` are the section's documents. Raises MissingError or PathError.
    """
    match asked.kind:
        case "tests":
            return _test_argv(section)
        case "file":
            return _file_argv(section, asked.path, paths)
        case "command":
            return _shell_argv(asked.command)


def _test_argv(section: Section) -> list[str]:
    tests = section.problem.tests
    if not tests.get("command"):
        raise MissingError(_("This problem has no tests to run."))
    if find_test_runner(tests["format"]) is None:
        raise MissingError(_("Tests of this kind cannot be run here."))
    return [str(word) for word in tests["command"]]


def _file_argv(section: Section, path: str | None, paths: Sequence[str]) -> list[str]:
    problem = section.problem
    entry = f"{section.folder}/{problem.entry}"
    path = path or entry
    if path not in paths:
        raise MissingError(_("There is no such file (any more)."))
    if path == entry and problem.run_command:
        return [str(word) for word in problem.run_command]
    program = find_program(PurePosixPath(path).suffix)
    if program is None:
        raise PathError(_("Files of this kind cannot be run."))
    name = path.removeprefix(f"{section.folder}/")
    return [program, f"./{name}" if name.startswith("-") else name]


def _shell_argv(command: str) -> list[str]:
    command = command.strip()
    if not command:
        raise MissingError(_("There is no command to run."))
    return [*_SHELL, command]


def command_text(run: Run) -> str:
    """Return the command as one would type it."""
    if run.kind == RunKind.COMMAND:
        return str(run.argv[-1])
    return shlex.join(run.argv)


def section_folder(run: Run) -> str:
    """Return the folder of the run's section, which is where it runs."""
    sections = run.interview.assessment_version.sections
    slug = sections.filter(position=run.section).values_list(
        "problem_version__problem__slug", flat=True
    )
    return slug.get()


def build_spec(run: Run) -> RunSpec:
    """Return what the runner needs beside the workspace that the run happens in."""
    folder = section_folder(run)
    argv, collect = tuple(run.argv), tuple[str, ...]()
    if run.kind == RunKind.TESTS:
        section = find_section(run.interview, folder)
        names = [path.removeprefix(f"{folder}/") for path in run.files]
        command = test_command(section.problem.tests["format"], argv, files=names)
        report = f"{WORKSPACE}/{command.collect}"
        argv = (*_WITHOUT_OLD_REPORT, report, *command.argv)
        collect = (command.collect,)
    limits = settings.LIMITS
    return RunSpec(
        run=run.pk,
        argv=argv,
        env=run.env,
        cwd=folder,
        limits=LimitRequest(
            wall_seconds=limits["run_seconds"],
            memory_bytes=limits["run_memory_bytes"],
            output_bytes_kept=limits["run_output_bytes"],
        ),
        collect=collect,
    )
