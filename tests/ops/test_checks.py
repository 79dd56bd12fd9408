"""The checks of `make check` that are ours find what they are for."""

import json
from pathlib import Path

import pytest

from tools import check, testrun
from tools.checks import locks, sizes

ROOT = Path(__file__).resolve().parents[2]
HASH = "--hash=sha256:" + "0" * 64


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project whose lock files are in order."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "tools" / "pins").mkdir(parents=True)
    files = {
        "base.in": "django~=5.2  # the framework\n",
        "dev.in": "-r base.in\npytest\n",
        "base.txt": f"django==5.2.9 {HASH}\n",
        "dev.txt": f"django==5.2.9 {HASH}\npytest==9.0.1 {HASH}\n",
    }
    for name, text in files.items():
        (tmp_path / "requirements" / name).write_text(text)
    wanted = {"dependencies": {"esbuild": "0.28.2"}}
    (tmp_path / "package.json").write_text(json.dumps(wanted))
    lock = {"packages": {"": wanted}}
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    return tmp_path


def test_locks_in_order_have_no_problems(project: Path) -> None:
    assert list(locks.problems(project)) == []


CHANGES = {
    "missing": ("base.in", "django~=5.2\nredis\n", "does not satisfy “redis”"),
    "too old": ("base.in", "django~=6.0\n", "does not satisfy “django~=6.0”"),
    "no hash": ("base.txt", "django==5.2.9\n", "packages without hashes"),
    "apart": ("dev.txt", f"django==5.2.8 {HASH}\npytest==9 {HASH}\n", "base.txt 5.2.9"),
    "address": ("base.txt", f"-i https://x\ndjango==5.2.9 {HASH}\n", "holds addresses"),
}


@pytest.mark.parametrize(("file", "text", "problem"), CHANGES.values(), ids=CHANGES)
def test_locks_name_what_is_wrong(
    file: str, text: str, problem: str, project: Path
) -> None:
    (project / "requirements" / file).write_text(text)
    assert any(problem in line for line in locks.problems(project))


def test_npm_lock_that_is_behind_is_named(project: Path) -> None:
    (project / "package.json").write_text('{"dependencies": {"esbuild": "0.29.0"}}')
    assert list(locks.problems(project)) == [
        "package-lock.json and package.json differ in dependencies."
    ]


def test_file_past_the_limit_is_named(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    for name in ("long.py", "short.py", "migrations/long.py"):
        (tmp_path / name).write_text("x\n" * (401 if "long" in name else 400))
    found = list(sizes.problems(tmp_path, ["long.py", "short.py", "a/migrations/l.py"]))
    assert found == ["long.py has 401 lines; 400 is the limit. Split it."]


def test_check_that_fails_shows_its_output(capsys: pytest.CaptureFixture[str]) -> None:
    good = check.Check("good", ["true"])
    bad = check.Check("bad", ["sh", "-c", "echo wrong here; exit 1"])
    assert [check.run(each, is_fixing=False) for each in (good, bad)] == [True, False]
    out = capsys.readouterr().out
    assert "good: ok" in out
    assert "bad: failed" in out
    assert "wrong here" in out


def test_files_are_found_without_git() -> None:
    files = check.files_without_git()
    assert {"Makefile", "tools/check.py", "tests/ops/test_checks.py"} <= set(files)
    assert not any(name.startswith((".venv/", "node_modules/")) for name in files)


def test_every_tool_of_the_house_style_is_checked() -> None:
    assert [each.name for each in check.checks()] == [
        "format",
        "lint",
        "typos",
        "templates",
        "JavaScript",
        "imports",
        "types",
        "migrations",
        "deployment",
    ]


@pytest.mark.parametrize(
    ("failed", "left_out", "is_ci", "code"),
    [
        ([], [], True, 0),
        ([], ["the browser tests"], False, 0),
        ([], ["the browser tests"], True, 1),
        (["On SQLite"], [], False, 1),
    ],
)
def test_testrun_concludes(
    failed: list[str],
    left_out: list[str],
    is_ci: bool,
    code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    verdict = testrun.Verdict(failed, left_out)
    assert testrun.conclude(verdict, 61, is_ci=is_ci) == code
    out = capsys.readouterr().out
    assert all(what in out for what in [*failed, *left_out])
