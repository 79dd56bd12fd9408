"""Private servers come up on free ports, hold data, and leave nothing behind."""

from pathlib import Path

import boto3
import psycopg
import pytest
import redis

from interviewlm.cluster import launch, private, servers
from tools.bootstrap.console import SetupError
from tools.bootstrap.ports import free_port


@pytest.fixture(autouse=True)
def without_given_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the servers be private ones."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.delenv("TEST_REDIS_URL", raising=False)


@pytest.mark.servers
def test_postgres_answers_and_is_gone_afterwards() -> None:
    with servers.postgres(*servers.FOR_TESTS) as url, psycopg.connect(url) as open_one:
        user = open_one.execute("SELECT current_user").fetchone()
        row = open_one.execute("SHOW data_directory").fetchone()
    assert user == ("interviewlm",)
    assert row is not None
    assert not Path(row[0]).exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)


@pytest.mark.servers
def test_postgres_stops_while_clients_are_connected() -> None:
    with servers.postgres(*servers.FOR_TESTS) as url:
        connection = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")


@pytest.mark.servers
def test_redis_answers_and_is_gone_afterwards() -> None:
    with servers.redis_server() as url, redis.Redis.from_url(url) as client:
        client.set("key", "value")
        assert client.get("key") == b"value"
    with redis.Redis.from_url(url) as client, pytest.raises(redis.RedisError):
        client.ping()


@pytest.mark.servers
def test_s3_has_the_bucket_the_settings_name() -> None:
    with servers.s3_server() as bucket:
        env = bucket.as_env()
        client = boto3.client(
            "s3",
            endpoint_url=env["MEDIA_S3_ENDPOINT_URL"],
            region_name=env["MEDIA_S3_REGION"],
            aws_access_key_id=env["MEDIA_S3_ACCESS_KEY"],
            aws_secret_access_key=env["MEDIA_S3_SECRET_KEY"],
        )
        client.put_object(Bucket=env["MEDIA_S3_BUCKET"], Key="a", Body=b"data")
        found = client.get_object(Bucket=env["MEDIA_S3_BUCKET"], Key="a")
        assert found["Body"].read() == b"data"


def test_given_servers_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://given")
    monkeypatch.setenv("TEST_REDIS_URL", "redis://given")
    with servers.postgres() as database, servers.redis_server() as cache:
        assert (database, cache) == ("postgresql://given", "redis://given")


def test_server_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "find_postgres", lambda: None)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    with pytest.raises(SetupError, match="PostgreSQL is not installed"):
        servers.postgres().__enter__()
    with pytest.raises(SetupError, match="Redis is not installed"):
        servers.redis_server().__enter__()


def test_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    argv = ["/bin/sh", "-c", "echo the disk is full; exit 1"]
    server = private.process(
        argv, log=tmp_path / "log", account=None, answers=lambda: False
    )
    with pytest.raises(SetupError, match="does not start") as raised:
        server.__enter__()
    assert "the disk is full" in raised.value.mend


def test_account_is_never_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    account = private.unprivileged_account("no-such-account", "nobody")
    assert account is not None
    assert account.uid != 0
    with pytest.raises(SetupError, match="None of the accounts"):
        private.unprivileged_account("no-such-account")


def test_cluster_has_two_webs_two_workers_one_beat_and_a_balancer() -> None:
    ports = [free_port(), free_port()]
    specs = launch.specs(8000, ports)
    assert [spec.name for spec in specs] == [
        "web 1",
        "web 2",
        "worker 1",
        "worker 2",
        "beat",
        "balancer",
    ]
    assert [f"--to={port}" for port in ports] == list(specs[-1].argv[-2:])
