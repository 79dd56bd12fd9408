"""SQL and Bash problems from the page to the verdict, in the real sandbox."""

from typing import Any

import pytest

from interviews.models import Interview
from tests.fakes.runner_process import RunnerProcess
from tests.interviews.workspace.test_hidden_tests import judge, make_interview, outcomes
from tests.interviews.workspace.test_socket_runs import join, run_to_end, write
from tests.interviews.workspace.windows import open_window

FOLDER = "ledger"
SQL: dict[str, Any] = {
    "problem__slug": FOLDER,
    "language": "sql",
    "entry": "main.sql",
    "run_command": [],
    "files": {
        "schema.sql": "CREATE TABLE pay (who TEXT, cents INTEGER);",
        "main.sql": "SELECT who, sum(cents) AS total FROM pay GROUP BY who ORDER BY 1;",
        "tests/two.sql": (
            "INSERT INTO pay VALUES ('Bo', 5), ('Al', 1), ('Al', 2);\n.read main.sql\n"
        ),
        "tests/two.expected": "Al | 3\nBo | 5\n",
        "tests/none.sql": ".read main.sql\n",
        "tests/none.expected": "Al | 0\n",
    },
    "tests": {"command": ["sql-test", "tests"], "format": "sql-test"},
    "hidden": {
        "kind": "stdin",
        "command": ["sql", "-", "main.sql"],
        "cases": [
            {
                "name": "sums",
                "stdin": "INSERT INTO pay VALUES ('Cy', 40), ('Cy', 2);",
                "expected_stdout": "who | total\n----+------\nCy  | 42\n",
            },
            {
                "name": "nobody",
                "stdin": "",
                "expected_stdout": "who | total\n----+------\nCy  | 0\n",
            },
        ],
    },
}
BASH: dict[str, Any] = {
    "problem__slug": FOLDER,
    "language": "bash",
    "entry": "main.sh",
    "run_command": [],
    "files": {
        "main.sh": 'echo "hello ${1:-nobody}"\n',
        "tests/greets.sh": '[ "$(bash main.sh Al)" = "hello Al" ]\n',
        "tests/tap.sh": (
            "echo 1..2\necho 'ok 1 - first'\necho 'not ok 2 - <second>'\n"
            "printf '# \\033[31mred\\n'\n"
        ),
    },
    "tests": {"command": ["sh-test", "tests"], "format": "sh-test"},
    "hidden": {},
}


@pytest.fixture
def sql(transactional_db: None) -> Interview:
    return make_interview(**SQL)


@pytest.fixture
def bash(transactional_db: None) -> Interview:
    return make_interview(**BASH)


async def test_sql_file_is_run_on_the_schema(
    sql: Interview, real_runner: RunnerProcess
) -> None:
    async with open_window(sql) as window:
        path = f"{FOLDER}/try.sql"
        await write(window, path, "INSERT INTO pay VALUES ('Al', 7); TABLE_IS_WRONG;")
        outputs, failed = await run_to_end(
            window, section=FOLDER, kind="file", path=path
        )
        _, passed = await run_to_end(window, section=FOLDER, kind="file")

    assert failed["exit_code"] == 1
    assert join(outputs) == 'try.sql:1: near "TABLE_IS_WRONG": syntax error\n'
    assert passed["exit_code"] == 0
    started = [f["argv_text"] for f in window.seen if f["type"] == "run.started"]
    assert started == ["sql try.sql", "sql main.sql"]


async def test_sql_tests_are_shown_one_by_one(
    sql: Interview, real_runner: RunnerProcess
) -> None:
    async with open_window(sql) as window:
        _, finished = await run_to_end(window, section=FOLDER, kind="tests")

    assert finished["exit_code"] == 1
    assert [(test["name"], test["outcome"]) for test in finished["tests"]] == [
        ("tests/none.sql", "failed"),
        ("tests/two.sql", "passed"),
    ]
    assert "expected:\nAl | 0" in finished["tests"][0]["message"]


async def test_bash_tests_are_shown_one_by_one(
    bash: Interview, real_runner: RunnerProcess
) -> None:
    async with open_window(bash) as window:
        outputs, run = await run_to_end(window, section=FOLDER, kind="file")
        _, finished = await run_to_end(window, section=FOLDER, kind="tests")

    assert (run["exit_code"], join(outputs)) == (0, "hello nobody\n")
    assert [
        (test["name"], test["outcome"], test["message"]) for test in finished["tests"]
    ] == [
        ("tests/greets.sh", "passed", ""),
        ("tests/tap.sh › first", "passed", ""),
        ("tests/tap.sh › <second>", "failed", "[31mred"),
    ]


def test_hidden_sql_cases_are_compared_outside(
    sql: Interview, real_runner: RunnerProcess
) -> None:
    _message, tests = judge(sql)

    assert outcomes(tests) == [("sums", "passed"), ("nobody", "failed")]
