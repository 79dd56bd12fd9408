"""What the checks say of the runner, the broker and the assistant."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from pytest_django import Settings

from interviewlm import checks
from interviewlm.celery import app
from runner.protocol import Status, encode_frame, read_frame


class FakeRunner:
    """Answers every question on its socket with one status."""

    def __init__(self, path: Path, status: Status) -> None:
        self._path = path
        self._status = status
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        listening = asyncio.start_unix_server(self._answer, self._path)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_frame(reader)
        writer.write(encode_frame(self._status))
        await writer.drain()
        writer.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


def make_status(
    *, available: bool = True, reason: str = "", memory: str = "hard"
) -> Status:
    return Status(
        available=available,
        reason=reason,
        levels={"memory": memory, "cpu": "hard"},
        packages=(),
        generation="1",
    )


@pytest.fixture
def status() -> Status:
    return make_status()


@pytest.fixture
def _runner(settings: Settings, tmp_path: Path, status: Status) -> Iterator[None]:
    settings.RUNNER_SOCKET = str(tmp_path / "runner.sock")
    runner = FakeRunner(tmp_path / "runner.sock", status)
    runner.start()
    yield
    runner.stop()


@pytest.mark.usefixtures("_runner")
@pytest.mark.parametrize(
    ("status", "expected", "said"),
    [
        (make_status(), "ok", ""),
        (make_status(memory="soft"), "warning", "not enforced by the system: memory"),
        (make_status(available=False, reason="No bwrap."), "warning", "No bwrap."),
    ],
    ids=["works", "soft limits", "no sandbox"],
)
def test_runner(expected: str, said: str) -> None:
    found = checks.check_runner()
    assert found.status == expected
    assert said in found.message


def test_runner_away(settings: Settings, tmp_path: Path) -> None:
    settings.RUNNER_SOCKET = str(tmp_path / "none.sock")
    found = checks.check_runner()
    assert (found.status, found.mend) == ("warning", "Start it: python -m runner serve")


def test_broker_away(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = "redis://127.0.0.1:1"
    monkeypatch.setattr(app.conf, "broker_url", nowhere)
    monkeypatch.setattr(app.conf, "broker_write_url", nowhere)
    assert checks.check_broker().status == "failed"


def test_media_in_a_bucket(settings: Settings) -> None:
    settings.MEDIA_S3_BUCKET = "interviews"
    assert checks.check_media().message == "S3"


def test_simulator_outside_development(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.IS_DEVELOPMENT = False
    assert checks.check_assistant().status == "failed"
