"""Python, with pytest."""

from collections.abc import Sequence

from runner.languages.base import Language, TestRunner


def add_pytest_report(
    command: Sequence[str], *, target: str, files: Sequence[str]
) -> tuple[str, ...]:
    """pytest writes JUnit XML itself."""
    del files
    return (*command, "-p", "no:cacheprovider", f"--junitxml={target}")


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
    ),
)
