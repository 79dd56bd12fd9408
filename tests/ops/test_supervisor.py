"""Children are restarted when they die and gone when the supervisor is."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from interviewlm.demo.children import Child, Spec
from interviewlm.demo.supervisor import Supervisor, restart_wait
from tools.bootstrap.console import SetupError

ROOT = Path(__file__).resolve().parents[2]
SLEEP = "import time; time.sleep(600)"


def python(name: str, code: str) -> Spec:
    """Return a child that runs the code."""
    return Spec(name, (sys.executable, "-c", code))


def wait_until(is_there: Callable[[], bool], seconds: float = 15) -> None:
    """Return once it is there; fail otherwise."""
    deadline = time.monotonic() + seconds
    while not is_there():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Return whether the process has ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_stop_ends_children_and_what_they_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "grandchild"
    code = f"""
        import pathlib, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", {SLEEP!r}])
        pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))
        time.sleep(600)
    """
    supervisor = Supervisor(tmp_path, tmp_path)
    supervisor.start([python("parent", textwrap.dedent(code))])
    wait_until(lambda: pid_file.exists() and pid_file.read_text() != "")
    pids = [supervisor.pids()["parent"], int(pid_file.read_text())]
    assert supervisor.stop() == []
    for pid in pids:
        assert pid is not None
        wait_until(lambda pid=pid: is_gone(pid))  # type: ignore[misc]


def test_stop_kills_a_child_that_ignores_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interviewlm.demo.supervisor.STOP_SECONDS", 0.5)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"
    supervisor = Supervisor(tmp_path, tmp_path)
    supervisor.start([python("deaf", f"{deaf}; {SLEEP}")])
    pid = supervisor.pids()["deaf"]
    wait_until(lambda: "deaf" in (tmp_path / "deaf.log").read_text())
    assert supervisor.stop() == ["deaf"]
    assert pid is not None
    assert is_gone(pid)


def test_child_that_dies_is_started_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(tmp_path, tmp_path)
    supervisor.is_ready = True
    supervisor.start([python("web", SLEEP)])
    first = supervisor.pids()["web"]
    assert first is not None
    os.kill(first, signal.SIGKILL)
    try:
        assert supervisor.wait_for(lambda: supervisor.pids()["web"] != first, 15)
    finally:
        supervisor.stop()
    assert (
        "The web was killed by signal 9; starting it again" in capsys.readouterr().out
    )


def test_child_that_never_starts_ends_the_demo_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "interviewlm.demo.supervisor.restart_wait", lambda _failures: 0.0
    )
    supervisor = Supervisor(tmp_path, tmp_path)
    supervisor.start([python("runner", "import sys; sys.exit('no bubblewrap')")])
    with pytest.raises(SetupError, match="The runner does not start") as raised:
        supervisor.wait_for(lambda: False, 15)
    supervisor.stop()
    assert "no bubblewrap" in raised.value.mend


def test_restart_waits_double_up_to_half_a_minute() -> None:
    assert [restart_wait(count) for count in (1, 2, 3, 7)] == [1, 2, 4, 30]


def test_told_to_stop_ends_a_wait_at_once(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, tmp_path)
    supervisor.stop_soon()
    assert supervisor.wait_for(lambda: True, 60) is False


def test_killed_supervisor_leaves_no_child(tmp_path: Path) -> None:
    code = f"""
        import pathlib, sys
        from interviewlm.demo.children import Spec
        from interviewlm.demo.supervisor import Supervisor
        folder = pathlib.Path({str(tmp_path)!r})
        supervisor = Supervisor(folder, folder)
        supervisor.start([Spec("web", (sys.executable, "-c", {SLEEP!r}))])
        print(supervisor.pids()["web"], flush=True)
        supervisor.run_until_told()
    """
    argv = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not is_gone(pid)
        parent.kill()
    wait_until(lambda: is_gone(pid))


def test_child_without_secrets_inherits_only_plain_variables() -> None:
    outer = {"PATH": "/bin", "SECRET_KEY": "s", "ANTHROPIC_API_KEY": "k"}
    runner = Spec("runner", ("true",), {"MODE": "soft"}, knows_secrets=False)
    assert runner.full_env(outer) == {"PATH": "/bin", "MODE": "soft"}
    assert Spec("web", ("true",)).full_env(outer) == outer


def test_child_log_is_turned_over_when_it_is_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interviewlm.demo.children.LOG_BYTES", 10)
    (tmp_path / "web.log").write_text("a long line of an earlier day\n")
    child = Child(python("web", "print('new')"), tmp_path, tmp_path)
    child.start()
    wait_until(lambda: child.exit_code() is not None)
    assert child.last_words() == "new"
    assert "earlier" in (tmp_path / "web.log.1").read_text()
