"""The end of a run names the tests that failed, and what was unsteady."""

from pathlib import Path

import pytest

from tools import testrun
from tools.failures import read_failures

REPORT = """<testsuites><testsuite>
<testcase classname="tests.a" name="test_good"/>
<testcase classname="tests.a" name="test_bad[x]">
<failure message="assert 1 == 2&#10;more">trace</failure></testcase>
<testcase classname="tests.b" name="test_broken"><error message="boom"/></testcase>
</testsuite></testsuites>"""


def test_failures_are_named_with_the_first_line_of_their_reason(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert read_failures(report) == [
        "tests.a::test_bad[x]: assert 1 == 2",
        "tests.b::test_broken: boom",
    ]


def test_run_that_wrote_no_report_names_nothing(tmp_path: Path) -> None:
    assert read_failures(tmp_path / "report.xml") == []


def test_end_of_a_run_tells_broken_from_unsteady(
    capsys: pytest.CaptureFixture[str],
) -> None:
    verdict = testrun.Verdict(
        failed=["On SQLite"], tests=["tests.a::bad: no"], unsteady=["tests.a::odd: 1"]
    )
    assert testrun.conclude(verdict, 61, is_ci=False) == 1
    said = "".join(capsys.readouterr())
    assert said.index("tests.a::odd: 1") < said.index("tests.a::bad: no")
    assert "Failed: On SQLite" in said


def test_unsteady_tests_alone_do_not_fail_a_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    verdict = testrun.Verdict(unsteady=["tests.a::odd: 1"])
    assert testrun.conclude(verdict, 61, is_ci=True) == 0
    assert "Unsteady" in "".join(capsys.readouterr())
