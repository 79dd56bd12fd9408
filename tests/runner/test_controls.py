"""Honest programs work: a sandbox is not safe because nothing runs in it."""

from pathlib import Path

import pytest

from interviews.reports import parse_report, test_command
from runner.limits import JAVA_MEMORY, Limits
from runner.protocol import InputFile
from runner.sandbox import Job
from tests.runner.conftest import Bench, open_bench

PROGRAMS = {
    "threads": "import threading\nt=threading.Thread(target=print,args=('fine',))\nt.start()\nt.join()",
    "processes": "import multiprocessing as m\nprint(m.Pool(2).map(len, ['a'])==[1] and 'fine')",
    "subprocess": "import subprocess\nprint(subprocess.run(['echo','fine'],capture_output=True,text=True).stdout)",
    "sqlite": "import sqlite3\nsqlite3.connect('x.db').execute('create table t(a)')\nprint('fine')",
    "temporary files": "import tempfile\ntempfile.NamedTemporaryFile().write(b'x')\nprint('fine')",
    "own loopback": (
        "import socket\ns=socket.create_server(('127.0.0.1',0))\n"
        "c=socket.create_connection(s.getsockname())\nprint('fine')"
    ),
}


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS)
async def test_python_program_works(bench: Bench, source: str) -> None:
    result = await bench.python(source)

    assert (result.outcome.exit_code, result.stdout.strip()) == (0, "fine"), result


@pytest.mark.parametrize(
    "script",
    [
        'node -e \'new (require("worker_threads").Worker)("console.log(`fine`)",{eval:true})\'',
        "echo 'int puts(const char*);int main(){return puts(\"fine\")<0;}' >a.c && gcc -w a.c && ./a.out",
        "git init -q . && echo fine",
        "python3 -m venv --without-pip v && v/bin/python -c 'print(\"fine\")'",
        "npm --version >/dev/null && echo fine",
        "java -Xshare:auto -version 2>/dev/null && echo fine",
        "sqlite3 x.db 'create table t(a); select \"fine\"'",
        "bash -c 'coproc cat; echo fine >&${COPROC[1]}; read x <&${COPROC[0]}; echo $x'",
    ],
    ids=["node workers", "gcc", "git", "venv", "npm", "java", "sqlite3", "bash"],
)
async def test_tool_works(bench: Bench, script: str) -> None:
    tool = script.split()[0] if not script.startswith("echo") else "gcc"
    found = await bench.shell(f"type {tool}")
    if found.outcome.exit_code != 0:
        pytest.skip(f"{tool} is not installed on this machine")

    limits = Limits(memory_bytes=JAVA_MEMORY) if tool == "java" else None
    result = await bench.shell(script, limits)

    assert (result.outcome.exit_code, result.stdout.strip()) == (0, "fine"), result


async def test_files_stdin_folder_and_environment_reach_the_program(
    bench: Bench,
) -> None:
    source = (
        "import os, sys\n"
        "print(os.getcwd(), sys.stdin.read(), os.environ['GREETING'], open('data/ä b.txt').read())\n"
        "open('made.txt', 'w').write('x'); open('program.py', 'a').write('#')"
    )
    job = Job(
        argv=("python3", "program.py"),
        files=(
            InputFile("part one/program.py", source.encode()),
            InputFile("part one/data/ä b.txt", "ünï".encode()),
        ),
        cwd="part one",
        env={"GREETING": "hello"},
        stdin=b"from stdin",
    )

    result = await bench.run(job)

    assert result.stderr == ""
    assert result.stdout == "/home/candidate/part one from stdin hello ünï\n"


async def test_exit_code_and_both_streams_are_reported(bench: Bench) -> None:
    result = await bench.shell("echo out; echo err >&2; exit 7")

    assert (result.stdout, result.stderr) == ("out\n", "err\n")
    assert (result.outcome.reason, result.outcome.exit_code) == ("exited", 7)
    assert result.outcome.duration_ms > 0


async def test_peak_memory_is_of_the_program(bench: Bench) -> None:
    result = await bench.python("x = b'x' * (80 << 20)")

    assert 80 << 20 <= result.outcome.peak_memory_bytes <= 200 << 20


async def test_unknown_program_exits_127(bench: Bench) -> None:
    result = await bench.run(Job(argv=("no-such-program",)))

    assert (result.outcome.reason, result.outcome.exit_code) == ("exited", 127)
    assert "not found" in result.stderr


async def test_collected_files_come_back_apart_from_output(bench: Bench) -> None:
    job = Job(
        argv=("sh", "-c", "printf 'a\\0b' > ../result.bin; echo shown; exit 2"),
        cwd="part",
        collect=("result.bin", "absent.bin"),
    )

    result = await bench.run(job)

    assert [(item.path, item.data) for item in result.outcome.files] == [
        ("result.bin", b"a\0b")
    ]
    assert (result.stdout, result.outcome.exit_code) == ("shown\n", 2)


async def test_files_too_large_for_the_workspace_fail_clearly(bench: Bench) -> None:
    job = Job(
        argv=("true",),
        files=(InputFile("big.bin", b"x" * (3 << 20)),),
        limits=Limits(workspace_bytes=1 << 20),
    )

    result = await bench.run(job)

    assert result.outcome.reason == "failed"
    assert result.outcome.message == "The files did not fit into the workspace."


PYTHON_TESTS = b"""\
import pytest
def test_good(): assert True
def test_bad(): assert 1 == 2
@pytest.mark.skip(reason='later')
def test_later(): pass
"""
NODE_TESTS = b"""\
import test from 'node:test'; import assert from 'node:assert';
import { twice } from '../twice.ts';
test('good', () => assert.equal(twice(2 as number), 4));
test('bad', () => assert.equal(twice(2), 5));
test.skip('later', () => {});
"""


async def test_pytest_from_the_toolchain_reports(
    sandbox_available: None, toolchain: Path, tmp_path: Path
) -> None:
    command = test_command("pytest", ["python3", "-m", "pytest", "-q", "tests"])
    job = Job(
        argv=command.argv,
        files=(InputFile("part/tests/test_it.py", PYTHON_TESTS),),
        cwd="part",
        collect=(command.collect,),
    )

    async with open_bench(tmp_path / "runs", toolchain=toolchain) as bench:
        result = await bench.run(job)

    assert result.outcome.exit_code == 1, result
    (report,) = result.outcome.files
    outcomes = [(each.name, each.outcome) for each in parse_report(report.data)]
    assert outcomes == [
        ("test_it › test_good", "passed"),
        ("test_it › test_bad", "failed"),
        ("test_it › test_later", "skipped"),
    ]


async def test_typescript_from_the_toolchain_reports(
    sandbox_available: None, toolchain: Path, tmp_path: Path
) -> None:
    files = {
        "part/twice.ts": b"export const twice = (n: number): number => 2 * n;\n",
        "part/tests/twice.test.ts": NODE_TESTS,
    }
    command = test_command(
        "node", ["tsx", "--test", "tests/"], files=["twice.ts", "tests/twice.test.ts"]
    )
    job = Job(
        argv=command.argv,
        files=tuple(InputFile(path, data) for path, data in files.items()),
        cwd="part",
        collect=(command.collect,),
    )

    async with open_bench(tmp_path / "runs", toolchain=toolchain) as bench:
        result = await bench.run(job)

    assert result.outcome.exit_code == 1, result
    (report,) = result.outcome.files
    outcomes = {each.name: each.outcome for each in parse_report(report.data)}
    assert outcomes == {"good": "passed", "bad": "failed", "later": "skipped"}
