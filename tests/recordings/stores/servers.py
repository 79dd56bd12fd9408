"""Private stores for tests: moto in this process, Swift shared by all workers."""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto.server import ThreadedMotoServer
from pytest_django.fixtures import Settings

PROGRAM = Path(__file__).with_name("swift_process.py")
START_SECONDS = 120.0
IN_MEMORY = 256 * 1024 * 1024


@dataclass(frozen=True)
class S3Server:
    """Where a private store is and who may use it."""

    endpoint_url: str
    access_key: str
    secret_key: str

    def make_bucket(self) -> str:
        """Make a bucket of its own for one test; return its name."""
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                connect_timeout=5,
                read_timeout=60,
            ),
        )
        name = f"media-{uuid4().hex[:12]}"
        client.create_bucket(Bucket=name)
        client.close()
        return name

    def use(self, settings: Settings, bucket: str) -> None:
        """Have the product use a bucket of this server."""
        settings.MEDIA_S3_ENDPOINT_URL = self.endpoint_url
        settings.MEDIA_S3_BUCKET = bucket
        settings.MEDIA_S3_ACCESS_KEY = self.access_key
        settings.MEDIA_S3_SECRET_KEY = self.secret_key


@contextmanager
def moto() -> Iterator[S3Server]:
    """S3 in memory: quick, but it checks neither signatures nor hashes."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    # What is larger goes into temporary files, which it forgets to close.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_S3_DEFAULT_KEY_BUFFER_SIZE", str(IN_MEMORY))
        server.start()
        host, port = server.get_host_and_port()
        yield S3Server(f"http://{host}:{port}", "testing", "testing")
        server.stop()


@contextmanager
def swift(shared: Path) -> Iterator[S3Server]:
    """Swift in `shared`, one for all processes that ask; gone after the last of them.

    Skips the test where the folder's disk keeps no extended attributes.
    """
    folder = shared / "swift"
    folder.mkdir(exist_ok=True)
    _require_attributes(folder)
    # Held until the end: the server leaves when nobody holds it any more.
    with (folder / "users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        server = S3Server(_find_or_start(folder), "test:tester", "testing")
        yield server


def _require_attributes(folder: Path) -> None:
    probe = folder / f"probe-{os.getpid()}"
    probe.touch()
    try:
        os.setxattr(probe, "user.probe", b"x" * 1000)
    except OSError as error:
        pytest.skip(f"{folder} keeps no extended attributes: {error.strerror}")
    finally:
        probe.unlink()


def _find_or_start(folder: Path) -> str:
    """Return the address of the running server; only one process starts it."""
    with (folder / "starting").open("a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        info = folder / "info"
        if not info.exists():
            _start(folder, info)
        return str(json.loads(info.read_text())["endpoint_url"])


def _start(folder: Path, info: Path) -> None:
    # A deadline for a server that hangs; nothing is measured by it.
    deadline = time.monotonic() + START_SECONDS
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={name: os.environ[name] for name in _PASSED if name in os.environ},
        )
    while not (info.exists() and _answers(info)):
        if started.poll() is not None or time.monotonic() > deadline:
            started.kill()
            said = (folder / "log").read_text(errors="replace")[-2000:]
            pytest.fail(f"Swift does not start: {said}")
        time.sleep(0.05)
    # It ends by itself; nobody waits for it.
    started.returncode = 0


_PASSED = ("PATH", "HOME", "LANG")


def _answers(info: Path) -> bool:
    """Whether a bucket can be made, which all four parts have to do with."""
    endpoint = json.loads(info.read_text())["endpoint_url"]
    with suppress(BotoCoreError, ClientError):
        S3Server(endpoint, "test:tester", "testing").make_bucket()
        return True
    return False
