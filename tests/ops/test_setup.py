"""Set-up says in one sentence what is wrong and what mends it."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools.bootstrap import cli, commands, frontend, paths, stamps, system
from tools.bootstrap.console import SetupError, duration
from tools.bootstrap.ports import free_port, parse_port, require_free

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep stamps and logs of the test out of the project."""
    monkeypatch.setattr(stamps, "STATE", tmp_path / "state")
    monkeypatch.setattr(commands, "LOGS", tmp_path / "logs")


def test_make_demo_on_a_port_in_use_says_so_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            ["make", "--no-print-directory", "demo", f"PORT={port}"],
            cwd=ROOT,
            env=os.environ | {"PYTHON": sys.executable},
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert done.returncode != 0
    assert f"Port {port} is in use by another program." in done.stderr
    assert "make demo PORT=" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["", "eighty", "0", "70000", "-1"])
def test_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SetupError, match="not a port"):
        parse_port(text)


def test_port_that_is_free_passes_and_stays_free() -> None:
    port = free_port()
    require_free(port)
    with socket.create_server(("127.0.0.1", port)) as server:
        assert server.getsockname()[1] == port


OUTPUTS = {
    "network": ("ERROR: Temporary failure in name resolution", "Check the connection"),
    "npm": ("npm error code ENOTFOUND", "Check the connection"),
    "disk": ("OSError: [Errno 28] No space left on device", "The disk is full"),
    "folder": ("EROFS: Read-only file system", "cannot be written to"),
    "other": ("begun\nerror: the lock file is not in sync\nbye", "not in sync"),
    "silent": ("", "nothing"),
}


@pytest.mark.parametrize(("output", "mend"), OUTPUTS.values(), ids=OUTPUTS)
def test_tool_that_fails_gives_the_mend(output: str, mend: str) -> None:
    code = f"import sys; print({output!r}); sys.exit(3)"
    with pytest.raises(SetupError, match="It failed") as raised:
        commands.run([sys.executable, "-c", code], log="tool", failure="It failed.")
    assert mend in raised.value.mend


def test_tool_that_is_missing_gives_the_mend() -> None:
    with pytest.raises(SetupError, match="is missing"):
        commands.run(["/nowhere/uv"], log="tool", failure="It failed.")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.EROFS, "cannot be written to"),
        (errno.EACCES, "cannot be written to"),
        (errno.ENOSPC, "The disk is full"),
        (errno.EIO, "Set-up stopped"),
    ],
)
def test_setup_never_shows_a_traceback(
    number: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise OSError(number, os.strerror(number), "/project")

    monkeypatch.setattr(cli, "TARGETS", {"demo": fail})
    assert cli.main(["demo"]) == 1
    assert sentence in capsys.readouterr().err


def test_setup_of_an_unknown_target_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["everything"]) == 2
    assert "usage" in capsys.readouterr().err


def test_old_python_gets_a_sentence(tmp_path: Path) -> None:
    code = "import sys; sys.version_info = (3, 9, 2); sys.argv = ['setup', 'demo']; "
    code += "import runpy; runpy.run_module('tools.setup', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this is Python 3.9" in done.stderr
    assert "Traceback" not in done.stderr


def test_step_is_done_until_its_input_or_output_changes(tmp_path: Path) -> None:
    source, made = tmp_path / "in", tmp_path / "out"
    source.write_text("1")
    key = stamps.fingerprint([source], "word")
    assert not stamps.is_done("step", key, made)
    made.mkdir()
    stamps.mark_done("step", key)
    assert stamps.is_done("step", key, made)
    source.write_text("2")
    assert not stamps.is_done("step", stamps.fingerprint([source], "word"), made)
    made.rmdir()
    assert not stamps.is_done("step", key, made)


def test_half_done_step_is_done_again(tmp_path: Path) -> None:
    stamps.mark_done("step", "key")
    stamps.forget("step")
    assert not stamps.is_done("step", "key", tmp_path)


def test_fingerprint_sees_a_renamed_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("same")
    before = stamps.fingerprint([tmp_path])
    (tmp_path / "a.txt").rename(tmp_path / "b.txt")
    assert stamps.fingerprint([tmp_path]) != before


def test_missing_packages_are_named_with_the_line_to_type(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = system.Package("bubblewrap", "running code", lambda: False)
    monkeypatch.setattr(system, "can_install", lambda: False)
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/apt-get")
    system.ensure([absent])
    out = capsys.readouterr().out
    assert "Going on without bubblewrap (running code)." in out
    assert "sudo apt-get install -y bubblewrap" in out


def test_package_that_is_here_is_not_mentioned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    system.ensure([system.Package("make", "this", lambda: True)])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("version", "is_used"), [("v18.20.1", False), ("v22.1.0", True)]
)
def test_node_of_the_system_is_used_if_new_enough(
    version: str, is_used: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (frontend.find_system_node() is not None) is is_used


def test_node_without_npm_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert frontend.find_system_node() is None


def test_durations_read_well() -> None:
    assert [duration(s) for s in (0.24, 42.4, 125)] == ["0.2 s", "42 s", "2 min 5 s"]


def test_paths_lie_in_the_project() -> None:
    assert paths.ROOT == ROOT
