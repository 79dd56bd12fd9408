"""The demo's folder, lock and variables; and what it prints."""

import stat
from pathlib import Path

import pytest

from interviewlm.demo import processes, report
from interviewlm.demo.environment import Demo, build_env, locked, prepare_folder
from interviewlm.demo.readiness import Check, Report
from tools.bootstrap.console import SetupError


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    """Return a demo in a folder of the test."""
    made = Demo(port=8765, simulator_port=8766, folder=tmp_path)
    prepare_folder(made, is_reset=False)
    return made


def test_env_without_a_key_chooses_the_simulator(demo: Demo) -> None:
    env = build_env(demo, {})
    assert env["ASSISTANT_PROVIDER"] == "simulator"
    assert env["ASSISTANT_SIMULATOR_URL"] == "http://127.0.0.1:8766"
    assert env["PUBLIC_URL"] == "http://127.0.0.1:8765"


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY_FILE"])
def test_env_with_a_key_asks_claude(demo: Demo, name: str) -> None:
    assert build_env(demo, {name: "given"})["ASSISTANT_PROVIDER"] == "anthropic"


def test_env_ignores_servers_of_the_shell(demo: Demo) -> None:
    outer = {"DATABASE_URL": "postgresql://elsewhere/live", "REDIS_URL": "redis://live"}
    env = outer | build_env(demo, outer)
    assert (env["DATABASE_URL"], env["REDIS_URL"]) == ("", "")


def test_secret_is_kept_and_private(demo: Demo) -> None:
    first = build_env(demo, {})["SECRET_KEY"]
    assert build_env(demo, {})["SECRET_KEY"] == first
    assert len(first) >= 50
    mode = stat.S_IMODE((demo.var / "secret").stat().st_mode)
    assert (mode, stat.S_IMODE(demo.var.stat().st_mode)) == (0o600, 0o700)


def test_folder_keeps_data_until_reset(demo: Demo) -> None:
    kept = demo.var / "db.sqlite3"
    kept.write_text("data")
    prepare_folder(demo, is_reset=False)
    assert kept.exists()
    prepare_folder(demo, is_reset=True)
    assert not kept.exists()


def test_second_demo_on_one_folder_is_refused(demo: Demo) -> None:
    refused = pytest.raises(SetupError, match="already running")
    with locked(demo), refused, locked(demo):
        pytest.fail("the lock was given twice")
    with locked(demo):
        assert demo.var.is_dir()


def test_runner_socket_moves_when_the_path_is_too_long(tmp_path: Path) -> None:
    deep = Demo(port=1, simulator_port=2, folder=tmp_path / ("deep" * 30))
    assert len(str(deep.runner_socket)) <= 100
    assert deep.runner_socket == Demo(1, 2, folder=deep.folder).runner_socket


def test_simulator_runs_only_where_it_answers(demo: Demo) -> None:
    names = [spec.name for spec in processes.back(demo, is_simulated=False)]
    assert names == ["runner"]
    with_simulator = processes.back(demo, is_simulated=True)
    assert [spec.name for spec in with_simulator] == ["runner", "simulator"]
    assert not any(spec.knows_secrets for spec in with_simulator)


def test_notices_name_what_is_simulated_or_off(demo: Demo) -> None:
    checks = [
        Check(name="database", status="ok", message="sqlite"),
        Check(name="assistant", status="warning", message="Simulated.", mend="Set it."),
    ]
    lines = report.notices(demo, Report(status="warning", checks=checks))
    assert "  - Simulated. Set it." in lines
    assert not any("sqlite" in line for line in lines)


def test_red_lines_name_the_failed_check_and_the_mend(tmp_path: Path) -> None:
    failed = Check(name="migrations", status="failed", message="Old.", mend="Migrate.")
    text = report.red_lines(Report(status="failed", checks=[failed]), tmp_path)
    assert "migrations: Old. Migrate." in text
    assert "does not answer" in report.red_lines(None, tmp_path)
