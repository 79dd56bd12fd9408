"""PostgreSQL, Redis and an S3-compatible server: given by the environment or private."""

import contextlib
import os
import secrets
import shutil
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import psycopg
import redis

from interviewlm.cluster import private
from tools.bootstrap.console import SetupError
from tools.bootstrap.ports import LOOPBACK, free_port

FOR_TESTS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's programs (Debian keeps them off the PATH)."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
    return newest.parent if newest else None


@contextlib.contextmanager
def postgres(*options: str) -> Iterator[str]:
    """Yield the URL of a PostgreSQL: TEST_DATABASE_URL, else a private one."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    programs = find_postgres()
    if programs is None:
        raise SetupError(
            "PostgreSQL is not installed.", "Type: sudo apt-get install -y postgresql"
        )
    account = private.unprivileged_account("postgres", "nobody")
    with private.folder("postgres", account) as folder:
        port, password = free_port(), secrets.token_urlsafe(12)
        _init_database(programs, folder, password, account)
        argv = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port)]
        addresses = f"listen_addresses={LOOPBACK}"
        for option in (addresses, "unix_socket_directories=", "max_connections=200"):
            argv += ["-c", option]
        for option in options:
            argv += ["-c", option]
        url = f"postgresql://interviewlm:{password}@{LOOPBACK}:{port}/postgres"
        with private.process(
            argv,
            log=folder / "log",
            account=account,
            answers=lambda: _postgres_answers(url),
            stop=signal.SIGINT,  # "fast": does not wait for clients
        ):
            yield url


def _init_database(
    programs: Path, folder: Path, password: str, account: private.Account | None
) -> None:
    secret = folder / "password"
    secret.write_text(password, encoding="utf-8")
    secret.chmod(0o600)
    if account is not None:
        os.chown(secret, account.uid, account.gid)
    argv = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "interviewlm"]
    argv += ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8"]
    argv += ["--locale=C.UTF-8", "--no-sync"]
    private.run_once(argv, account, failure="PostgreSQL's folder could not be made.")


def _postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """Yield the URL of a Redis: TEST_REDIS_URL, else a private one without a disk."""
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        yield given
        return
    program = shutil.which("redis-server")
    if program is None:
        raise SetupError(
            "Redis is not installed.", "Type: sudo apt-get install -y redis-server"
        )
    account = private.unprivileged_account("redis", "nobody")
    with private.folder("redis", account) as folder:
        port = free_port()
        argv = [program, "--port", str(port), "--bind", LOOPBACK, "--save", ""]
        argv += ["--appendonly", "no", "--dir", str(folder)]
        url = f"redis://{LOOPBACK}:{port}/0"
        with private.process(
            argv,
            log=folder / "log",
            account=account,
            answers=lambda: _redis_answers(url),
        ):
            yield url


def _redis_answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket on an S3-compatible server."""

    name: str
    endpoint_url: str
    access_key: str
    secret_key: str
    region: str = "us-east-1"

    def as_env(self) -> dict[str, str]:
        """Return the settings that point the product at it."""
        return {
            "MEDIA_S3_BUCKET": self.name,
            "MEDIA_S3_ENDPOINT_URL": self.endpoint_url,
            "MEDIA_S3_REGION": self.region,
            "MEDIA_S3_ACCESS_KEY": self.access_key,
            "MEDIA_S3_SECRET_KEY": self.secret_key,
        }


@contextlib.contextmanager
def s3_server() -> Iterator[Bucket]:
    """Yield a bucket on a private S3-compatible server that keeps all in memory."""
    with private.folder("s3", None) as folder:
        port = free_port()
        endpoint = f"http://{LOOPBACK}:{port}"
        argv = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)]
        with private.process(
            argv,
            log=folder / "log",
            account=None,
            answers=lambda: _s3_answers(endpoint),
        ):
            bucket = Bucket("interviewlm-media", endpoint, "private", "private-secret")
            _make_bucket(bucket)
            yield bucket


def _s3_answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(endpoint, timeout=2).close()  # noqa: S310 -- loopback
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _make_bucket(bucket: Bucket) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=bucket.endpoint_url,
        region_name=bucket.region,
        aws_access_key_id=bucket.access_key,
        aws_secret_access_key=bucket.secret_key,
    )
    client.create_bucket(Bucket=bucket.name)
