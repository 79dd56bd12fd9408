"""Reports of test runners are read with care: a candidate may have written them."""

import pytest

from interviews.reports import (
    MAX_REPORT_BYTES,
    MAX_TESTS,
    ReportError,
    TestResult,
    parse_report,
    test_command,
)

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">
<testsuite name="pytest" errors="1" failures="1" tests="4">
<testcase classname="tests.test_words.TestLadder" name="test_short" time="0.012" />
<testcase classname="tests.test_words" name="test_long" time="0.5">
  <failure message="assert 1 == 2">def test_long():
&gt;   assert 1 == 2</failure></testcase>
<testcase classname="tests.test_words" name="test_setup" time="0.1">
  <error message="failed on setup">fixture broke</error></testcase>
<testcase classname="tests.test_words" name="test_later" time="0">
  <skipped type="pytest.skip" message="not today">x.py:3: not today</skipped></testcase>
</testsuite></testsuites>"""

NODE = b"""<?xml version="1.0" encoding="utf-8"?><testsuites>
<testsuite name="ladder" time="0.01" tests="2">
  <testsuite name="edge cases"><testcase name="empty" time="0.0011" classname="test"/></testsuite>
  <testcase name="finds" time="0.002" classname="test" failure="1 == 2">
    <failure type="testCodeFailure" message="1 == 2">[Error] 1 == 2</failure></testcase>
</testsuite>
<testcase name="later" time="0.0001" classname="test"><skipped type="skipped" message="true"/></testcase>
</testsuites>"""


def test_report_of_pytest_is_read() -> None:
    assert parse_report(PYTEST) == [
        TestResult("TestLadder › test_short", "passed", 12, ""),
        TestResult(
            "test_words › test_long",
            "failed",
            500,
            "def test_long():\n>   assert 1 == 2",
        ),
        TestResult("test_words › test_setup", "error", 100, "fixture broke"),
        TestResult("test_words › test_later", "skipped", 0, "not today"),
    ]


def test_report_of_node_is_read_with_its_suites() -> None:
    assert parse_report(NODE) == [
        TestResult("ladder › edge cases › empty", "passed", 1, ""),
        TestResult("ladder › finds", "failed", 2, "[Error] 1 == 2"),
        TestResult("later", "skipped", 0, "true"),
    ]


LAUGHS = b"""<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuites><testcase name="&b;"/></testsuites>"""
FETCH = b"""<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuites/>"""
HOSTILE = {
    "entities": LAUGHS,
    "external type": FETCH,
    "empty": b"",
    "cut off": PYTEST[:300],
    "no XML": b"PASS",
    "unknown encoding": b'<?xml version="1.0" encoding="utf-99"?><a/>',
    "deep": b"<a>" * 1000,
    "huge": b"<a>" + b" " * MAX_REPORT_BYTES + b"</a>",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_report_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        parse_report(data)


def test_results_are_bounded() -> None:
    case = b'<testcase name="%s" time="1e999"><failure>%s</failure></testcase>'
    many = b"<testsuites>" + b"<testcase/>" * (MAX_TESTS + 5) + b"</testsuites>"
    long = b"<x>" + case % (b"n" * 9000, b"m" * 9000) + b"</x>"

    (result,) = parse_report(long)
    assert len(parse_report(many)) == MAX_TESTS
    assert (len(result.name), len(result.message), result.duration_ms) == (300, 4000, 0)


def test_pytest_is_asked_for_a_report() -> None:
    command = test_command("pytest", ["python3", "-m", "pytest", "-q", "tests"])

    assert command.argv[:5] == ("python3", "-m", "pytest", "-q", "tests")
    assert command.argv[-1] == "--junitxml=/home/candidate/.test-report.xml"
    assert command.collect == ".test-report.xml"


def test_node_is_asked_for_a_report_and_given_files() -> None:
    files = ["tests/b.test.js", "tests/helper.js", "tests/a.test.mjs", "main.js"]
    command = test_command("node", ["node", "--test", "tests/"], files=files)

    assert command.argv[:2] == ("node", "--test")
    assert command.argv[-2:] == ("tests/a.test.mjs", "tests/b.test.js")
    assert "--test-reporter=junit" in command.argv
