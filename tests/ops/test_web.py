"""The end of the web process, seen from a browser's side of the socket."""

import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from interviewlm import web
from tools.bootstrap.ports import free_port

SERVERS = ["daphne", "uvicorn"]


@contextmanager
def serving(server: str, out: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the child and wait until it answers."""
    port = free_port()
    argv = [sys.executable, "-m", "tests.ops.web_child", server, str(port), str(out)]
    with subprocess.Popen(argv) as child:
        try:
            wait_until_up(child, port)
            yield child, port
        finally:
            child.kill()


def wait_until_up(child: subprocess.Popen[bytes], port: int) -> None:
    """Return once GET answers; fail if the child ends."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/up") as answer:
                assert answer.read() == b"/up"
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail("the web process did not come up")


def close_code(port: int, path: str = "/") -> Iterator[int]:
    """Yield once the socket streams, then the code it was closed with."""
    with connect(f"ws://127.0.0.1:{port}{path}") as socket:
        assert socket.recv(timeout=5) == "tick"
        yield 0
        try:
            while True:
                socket.recv(timeout=15)
        except ConnectionClosed as closed:
            yield closed.rcvd.code if closed.rcvd else 1006


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
@pytest.mark.parametrize("server", SERVERS)
def test_web_told_to_stop_awaits_hooks_and_closes_streaming_sockets(
    server: str, number: signal.Signals, tmp_path: Path
) -> None:
    with serving(server, tmp_path) as (child, port):
        socket = close_code(port)
        next(socket)
        begun = time.monotonic()
        child.send_signal(number)
        code = next(socket)
        exit_code = child.wait(timeout=12)
    assert (code, exit_code) == (web.SERVICE_RESTART, 0)
    assert time.monotonic() - begun < 10
    assert (tmp_path / "hook").read_text(encoding="utf-8") == "awaited"
    assert (tmp_path / "turn").read_text(encoding="utf-8") == "marked"


@pytest.mark.parametrize("server", SERVERS)
def test_web_with_an_application_that_never_ends_still_stops(
    server: str, tmp_path: Path
) -> None:
    with serving(server, tmp_path) as (child, port):
        socket = close_code(port, "/stuck")
        next(socket)
        child.terminate()
        assert next(socket) == web.SERVICE_RESTART
        assert child.wait(timeout=12) == 0
    assert (tmp_path / "hook").exists()


@pytest.mark.parametrize("server", SERVERS)
def test_web_on_a_port_in_use_fails(server: str, tmp_path: Path) -> None:
    with serving(server, tmp_path) as (_child, port):
        argv = [sys.executable, "-m", "tests.ops.web_child", server, str(port), "/"]
        second = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    assert second.returncode == 1
    assert "CannotListenError" in second.stderr
