"""Programs and tests of every language, in the real sandbox."""

from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath

import pytest

from runner.doctor.languages import probe_languages
from runner.languages.base import Language
from runner.languages.registry import find_program, list_languages
from runner.limits import Limits
from runner.protocol import InputFile, LanguageStatus
from runner.sandbox import Job
from tests.runner.conftest import Bench, Result, open_bench

REPORT = ".report.xml"
HELLO = {
    "hello.py": "print(6 * 7)",
    "hello.js": "console.log(6 * 7);",
    "hello.mjs": "console.log(await Promise.resolve(42));",
    "hello.ts": "const n: number = 42;\nconsole.log(n);",
    "hello.sh": "echo $((6 * 7))",
    "hello.sql": "SELECT 6 * 7 AS answer;",
}


@pytest.fixture
async def tools(
    sandbox_available: None, tmp_path: Path, toolchain: Path
) -> AsyncIterator[Bench]:
    """A sandbox with the toolchain."""
    async with open_bench(tmp_path / "runs", toolchain=toolchain) as each:
        yield each


async def run(
    bench: Bench,
    *argv: str,
    files: dict[str, str],
    stdin: str = "",
    collect: tuple[str, ...] = (),
) -> Result:
    return await bench.run(
        Job(
            argv=argv,
            files=tuple(InputFile(path, text.encode()) for path, text in files.items()),
            stdin=stdin.encode(),
            collect=collect,
            limits=Limits(wall_seconds=20),
        )
    )


async def run_tests(bench: Bench, program: str, files: dict[str, str]) -> Result:
    command = (program, "tests", f"--report={REPORT}")
    return await run(bench, *command, files=files, collect=(REPORT,))


@pytest.mark.parametrize("name", HELLO)
async def test_file_is_run_by_its_suffix(tools: Bench, name: str) -> None:
    program = find_program(PurePosixPath(name).suffix)
    assert program is not None

    result = await run(tools, program, name, files=HELLO)

    assert result.outcome.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "42"


def test_every_language_is_told_apart() -> None:
    languages = list_languages()
    suffixes = [suffix for each in languages for suffix in each.programs]

    assert {each.name for each in languages} == {
        "bash",
        "javascript",
        "python",
        "sql",
        "typescript",
    }
    assert len(suffixes) == len(set(suffixes))
    assert max(len(each.name) for each in languages) <= 12


async def test_doctor_lists_what_the_machine_has(tools: Bench) -> None:
    found = await probe_languages(tools.sandbox)

    assert [each.name for each in found] == [each.name for each in list_languages()]
    assert [each.name for each in found if not each.version] == []


async def test_doctor_says_what_a_missing_language_needs(bench: Bench) -> None:
    absent = Language(
        name="cobol",
        label="COBOL",
        programs={".cob": "cobc"},
        version=("cobc-of-nobody", "--version"),
        needs="cobc under /usr",
        test_runners=(),
    )
    present = next(each for each in list_languages() if each.name == "bash")

    missing, found = await probe_languages(bench.sandbox, [absent, present])

    assert missing == LanguageStatus("cobol", "COBOL", "", "cobc under /usr")
    assert found.version[0].isdigit()


async def test_sql_runs_on_the_schema_and_shows_tables(bench: Bench) -> None:
    files = {
        "schema.sql": "CREATE TABLE pets (name TEXT, legs INTEGER, note TEXT);",
        "main.sql": (
            "-- two statements on one line; and a comment\n"
            "INSERT INTO pets VALUES ('Rex', 4, NULL); SELECT * FROM pets;\n"
            "SELECT 'a;b' AS semi, 'x|y' AS bar, 'NULL' AS word, '' AS e\n  WHERE 1 = 1"
        ),
    }

    result = await run(bench, "sql", "main.sql", files=files)

    assert result.stderr == ""
    assert result.stdout == (
        "name | legs | note\n"
        "-----+------+-----\n"
        "Rex  | 4    | NULL\n"
        "\n"
        "semi | bar  | word   | e\n"
        "-----+------+--------+---\n"
        "a;b  | x\\|y | 'NULL' | ''\n"
    )


async def test_sql_reads_more_rows_from_standard_input(bench: Bench) -> None:
    files = {
        "schema.sql": "CREATE TABLE n (i);",
        "main.sql": "SELECT sum(i) FROM n;",
    }

    result = await run(
        bench,
        "sql",
        "-",
        "main.sql",
        files=files,
        stdin="INSERT INTO n VALUES (40),(2);",
    )

    assert result.stdout.splitlines()[-1] == "42"


async def test_sql_says_where_a_script_fails(bench: Bench) -> None:
    files = {"main.sql": "SELECT 1;\n\nSELECT missing\n  FROM nowhere;\n"}

    result = await run(bench, "sql", "main.sql", files=files)

    assert result.outcome.exit_code == 1
    assert result.stdout == "1\n-\n1\n"
    assert result.stderr == "main.sql:3: no such table: nowhere\n"


async def test_sql_leaves_triggers_whole(bench: Bench) -> None:
    script = (
        "CREATE TABLE a (i); CREATE TABLE b (i);\n"
        "CREATE TRIGGER copy AFTER INSERT ON a BEGIN\n"
        "  INSERT INTO b VALUES (new.i); INSERT INTO b VALUES (new.i + 1);\nEND;\n"
        "INSERT INTO a VALUES (1); SELECT i FROM b;"
    )

    result = await run(bench, "sql", "main.sql", files={"main.sql": script})

    assert result.stdout == "i\n-\n1\n2\n"


SQL_TESTS = {
    "schema.sql": "CREATE TABLE n (i);",
    "main.sql": "SELECT i, i * i AS square FROM n ORDER BY i;",
    "tests/named.sql": "INSERT INTO n VALUES (2), (3);\n.read main.sql\n",
    "tests/named.expected": "i | square\n--+--\n2|4\n3 | 9\n",
    "tests/rows.sql": "INSERT INTO n VALUES (5);\n.read main.sql",
    "tests/rows.expected": "5 | 25",
    "tests/empty.sql": ".read main.sql",
    "tests/empty.expected": "",
}


async def test_sql_tests_compare_rows(bench: Bench) -> None:
    passed = await run_tests(bench, "sql-test", SQL_TESTS)
    wrong = {**SQL_TESTS, "main.sql": "SELECT i, i + i AS square FROM n ORDER BY i;"}
    failed = await run_tests(bench, "sql-test", wrong)

    assert passed.outcome.exit_code == 0
    assert passed.stdout == (
        "passed  tests/empty.sql\n"
        "passed  tests/named.sql\n"
        "passed  tests/rows.sql\n"
        "\n"
        "3 tests, 0 failed\n"
    )
    assert failed.outcome.exit_code == 1
    assert "failed  tests/rows.sql\n    found:\n" in failed.stdout
    assert failed.stdout.endswith("3 tests, 2 failed\n")


@pytest.mark.parametrize(
    ("script", "expected", "told"),
    [
        ("SELECT 1;", None, "tests/a.expected: No such file or directory"),
        ("SELECT FROM;", "1", 'tests/a.sql:1: near "FROM": syntax error'),
        ("SELECT 1;", "1 | 2", "expected:\n    1 | 2"),
        ("SELECT 1;", "1\n\n1", "expected:\n    1\n"),
        ("SELECT 1 AS a;", "b\n--\n1", "expected:\n    b\n    1"),
        ("CREATE TABLE t (i);", "", "found:\n    (nothing)"),
        (".read tests/a.sql", "1", ".read is nested too deeply"),
    ],
    ids=["no file", "syntax", "columns", "tables", "names", "no table", "circle"],
)
async def test_sql_test_that_does_not_pass_says_why(
    bench: Bench, script: str, expected: str | None, told: str
) -> None:
    files = {"tests/a.sql": script}
    if expected is not None:
        files["tests/a.expected"] = expected

    result = await run_tests(bench, "sql-test", files)

    assert result.outcome.exit_code == 1
    assert told in result.stdout


TAP = """\
source ./lib.sh
echo 1..4
[ "$(add 1 2)" = 3 ] && echo 'ok 1 - adds' || echo 'not ok 1 - adds'
echo 'not ok 2 - subtracts'
echo '# expected 1, got 3'
echo 'ok 3 - divides # SKIP not asked for'
echo 'not ok 4 - rounds # TODO later'
"""
SH_TESTS = {
    "lib.sh": "add() { echo $(($1 + $2)); }\n",
    "tests/lib/shared.sh": "exit 1\n",
    "tests/exact.sh": 'source ./lib.sh\n[ "$(add 2 2)" = 4 ]\n',
    "tests/tap.sh": TAP,
    "tests/wrong.sh": "echo ok so far\necho 'not equal' >&2\nexit 3\n",
}


async def test_bash_tests_are_judged_by_exit_code_or_tap(bench: Bench) -> None:
    result = await run_tests(bench, "sh-test", SH_TESTS)

    assert result.outcome.exit_code == 1
    assert result.stdout == (
        "passed  tests/exact.sh\n"
        "passed  tests/tap.sh › adds\n"
        "failed  tests/tap.sh › subtracts\n"
        "    expected 1, got 3\n"
        "skipped tests/tap.sh › divides\n"
        "    not asked for\n"
        "skipped tests/tap.sh › rounds\n"
        "    later\n"
        "failed  tests/wrong.sh\n"
        "    exit code 3\n"
        "    ok so far\n"
        "    not equal\n"
        "\n"
        "6 tests, 2 failed\n"
    )


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 1..3; echo ok 1; echo ok 2", "3 tests were planned, 2 were run"),
        ("echo 1..1; echo ok 1; exit 9", "exit code 9"),
        ("echo 1..1; echo ok 1; echo 'Bail out! no disk'", "no disk"),
        pytest.param("sleep 60", "stopped after 10 s", marks=pytest.mark.long),
    ],
    ids=["plan", "exit code", "bail out", "slow"],
)
async def test_bash_test_that_breaks_off_is_an_error(
    bench: Bench, script: str, told: str
) -> None:
    result = await run_tests(bench, "sh-test", {"tests/a.sh": script})

    assert result.outcome.exit_code == 1
    assert "error   tests/a.sh" in result.stdout
    assert told in result.stdout


async def test_process_left_behind_does_not_hold_up_the_next_test(bench: Bench) -> None:
    files = {"tests/a.sh": "sleep 60 &\n", "tests/b.sh": "true\n"}

    result = await run_tests(bench, "sh-test", files)

    assert result.stdout.endswith("2 tests, 0 failed\n")
    assert result.outcome.duration_ms < 8_000


async def test_folder_without_tests_is_said(bench: Bench) -> None:
    result = await run_tests(bench, "sh-test", {"main.sh": "true"})

    assert result.outcome.exit_code == 2
    assert result.stderr == "No tests (*.sh) in tests.\n"


async def test_helpers_are_neither_replaced_nor_shadowed(bench: Bench) -> None:
    files = {
        "sqlite3.py": "raise SystemExit('shadowed')",
        "runner/__init__.py": "raise SystemExit('shadowed')",
        "sitecustomize.py": "raise SystemExit('shadowed')",
        "main.sql": "SELECT 42;",
    }
    script = "rm -f /opt/languages/sql; echo >/opt/languages/helpers; sql main.sql"

    result = await run(bench, "bash", "-c", f"({script}) 2>/dev/null", files=files)

    assert result.stdout.splitlines()[-1] == "42"
