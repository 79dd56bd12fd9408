"""The three stores one test class is run through."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from recordings.storage import MediaStore, get_store
from tests.recordings.stores import servers
from tests.recordings.stores.servers import S3Server

# The dear one has its turn in `make test-long`, and where `swift_store` is asked for.
KINDS = ["disk", "moto", pytest.param("swift", marks=pytest.mark.long)]


@pytest.fixture(scope="session")
def moto_server() -> Iterator[S3Server]:
    """S3 in memory."""
    with servers.moto() as server:
        yield server


@pytest.fixture(scope="session")
def swift_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """OpenStack Swift: checks signatures, times, hashes, lengths and sizes of parts."""
    own = tmp_path_factory.getbasetemp()
    is_worker = own.name.startswith("popen-")
    with servers.swift(own.parent if is_worker else own) as server:
        yield server


@pytest.fixture(params=KINDS)
def store(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path
) -> MediaStore:
    """A store with nothing in it."""
    if request.param != "disk":
        server: S3Server = request.getfixturevalue(f"{request.param}_server")
        server.use(settings, server.make_bucket())
    return get_store()


@pytest.fixture
def swift_store(swift_server: S3Server, settings: Settings) -> MediaStore:
    """A bucket on Swift with nothing in it."""
    swift_server.use(settings, swift_server.make_bucket())
    return get_store()


@pytest.fixture
def moto_store(moto_server: S3Server, settings: Settings) -> MediaStore:
    """A bucket in memory with nothing in it."""
    moto_server.use(settings, moto_server.make_bucket())
    return get_store()
