"""Python, with pytest."""

from collections.abc import Iterator, Sequence

from runner.languages.base import Language, TestRunner
from runner.languages.linting import (
    Finding,
    Linter,
    get_object,
    get_place,
    get_text,
    read_lines,
)

# Rules that tell a mistake, never those about style. The sandbox's own Python says
# which syntax there is.
_RUFF = """\
python=$(python3 -I -S -c 'import sys; print("py%d%d" % sys.version_info[:2])')
exec ruff check --isolated --no-cache --quiet --output-format=json-lines \
  --target-version="$python" --select=E71,E72,E9,F,B,PLE -- "$1"
"""
_ERRORS = ("invalid-syntax", "E9", "F5", "F6", "F7", "F82", "PLE")


def add_pytest_report(
    command: Sequence[str], *, target: str, files: Sequence[str]
) -> tuple[str, ...]:
    """pytest writes JUnit XML itself."""
    del files
    return (*command, "-p", "no:cacheprovider", f"--junitxml={target}")


def read_ruff(output: bytes) -> Iterator[Finding]:
    """One JSON object a line, so that a cut-off output keeps its beginning."""
    for item in read_lines(output):
        code = get_text(item, "code")
        yield Finding(
            start=get_place(get_object(item, "location"), "row", "column"),
            end=get_place(get_object(item, "end_location"), "row", "column"),
            severity="error" if code.startswith(_ERRORS) else "warning",
            message=get_text(item, "message"),
            code=code,
        )


_VERSION = """\
import platform
from importlib import metadata
try:
    tests = f"pytest {metadata.version('pytest')}"
except metadata.PackageNotFoundError:
    tests = "without pytest"
print(f"{platform.python_version()}, {tests}")
"""

LANGUAGES = (
    Language(
        name="python",
        label="Python",
        programs={".py": "python3"},
        version=("python3", "-c", _VERSION),
        needs="python3 under /usr",
        test_runners=(
            TestRunner(
                "pytest", "pytest", "python3 -m pytest -q tests", add_pytest_report
            ),
        ),
        call_driver=("python3", "driver.py"),
        linter=Linter(
            name="ruff",
            suffixes=(".py",),
            command=("/bin/sh", "-c", _RUFF, "ruff"),
            version=("ruff", "--version"),
            read=read_ruff,
        ),
    ),
)
