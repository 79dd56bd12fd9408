"""Starting, refusing to start, and stopping."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest

from assistant.simulator.__main__ import main, refusal
from tests.assistant.simulator.prompts import MODEL, ask

HEADERS = {"authorization": "Bearer k", "anthropic-version": "2026-10-21"}
DEVELOPMENT = {"INTERVIEWLM_ENV": "development"}


def test_start_outside_development_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INTERVIEWLM_ENV", "production")

    assert main(["--port", "0"]) == 2
    assert "development only" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::"])
def test_start_beyond_loopback_is_refused(host: str) -> None:
    assert "loopback" in str(refusal(host, DEVELOPMENT, is_forced=False))
    assert refusal(host, {}, is_forced=True) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_start_on_loopback_is_allowed(host: str) -> None:
    assert refusal(host, DEVELOPMENT, is_forced=False) is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_stops_quickly_with_an_open_stream(number: signal.Signals) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant.simulator", "--port", str(port)],
        env={**os.environ, **DEVELOPMENT},
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(url)
        body = {
            "model": MODEL,
            "max_tokens": 500,
            "stream": True,
            "messages": ask("Hi [[simulate:stall]]"),
        }
        with (
            httpx2.Client() as http,
            http.stream(
                "POST", f"{url}/v1/messages", json=body, headers=HEADERS
            ) as response,
        ):
            next(response.iter_bytes())
            began = time.monotonic()
            process.send_signal(number)
            process.wait(timeout=5)
            assert time.monotonic() - began < 2
    finally:
        process.kill()
        process.wait()


def _wait_until_up(url: str) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"{url}/healthz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    pytest.fail("the simulator did not start")
