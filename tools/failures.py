"""Which tests failed, read from pytest's JUnit report, for the end of a run."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

REASON_CHARS = 160


def read_failures(report: Path) -> list[str]:
    """Return a line per test that failed: its name and the first line of the reason.

    A report that pytest did not get to write has none.
    """
    if not report.exists():
        return []
    # Our own pytest wrote it a moment ago.
    root = ElementTree.parse(report).getroot()  # noqa: S314
    return sorted(set(_lines(root)))


def _lines(root: ElementTree.Element) -> Iterator[str]:
    for case in root.iter("testcase"):
        for kind in ("failure", "error"):
            found = case.find(kind)
            if found is not None:
                reason = (found.get("message") or "").strip().split("\n")[0]
                name = f"{case.get('classname')}::{case.get('name')}"
                yield f"{name}: {reason[:REASON_CHARS]}"
