"""Reaching the runner over a network: only with the token, and only encrypted."""

import argparse
import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import pytest
from pytest_django import Settings

from interviews.runner_client import (
    RunnerClient,
    RunnerUnavailable,
    RunSpec,
    source_file,
)
from runner.errors import RunnerError
from runner.options import add_doors, read_doors
from runner.protocol import (
    Authentication,
    ProtocolError,
    StatusRequest,
    encode_frame,
    parse_address,
)
from runner.server import Server
from runner.transport import Certificates, Doors, Listeners
from tests.runner.certificates import Authority
from tests.runner.conftest import open_server

TOKEN = "a token that only tests ever use, 32+"


@asynccontextmanager
async def listening(
    server: Server, scheme: str, certificates: Certificates | None = None
) -> AsyncIterator[str]:
    """The server at a port of this machine as well; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    address = f"{scheme}://127.0.0.1:{port}"
    doors = Doors((parse_address(address),), token=TOKEN, certificates=certificates)
    listeners = Listeners(doors, server.accept, nullcontext)
    await listeners.open()
    try:
        yield address
    finally:
        listeners.close()


@pytest.fixture
async def server(sandbox_available: None, tmp_path: Path) -> AsyncIterator[Server]:
    async with open_server(tmp_path) as (_path, server):
        yield server


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def certificates(authority: Authority) -> Certificates:
    pair = authority.sign("runner")
    return Certificates(pair.certificate, pair.key)


@pytest.fixture(autouse=True)
def client_settings(settings: Settings) -> None:
    settings.RUNNER_TOKEN = TOKEN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/run/r.sock", "unix:/run/r.sock"),
        ("unix:/run/r.sock", "unix:/run/r.sock"),
        ("tls://runner-2.internal:7000", "tls://runner-2.internal:7000"),
        ("tls://[2001:db8::1]:7000/", "tls://[2001:db8::1]:7000"),
        ("tcp://127.0.0.1:7000", "tcp://127.0.0.1:7000"),
        ("tcp://[::1]:7000", "tcp://[::1]:7000"),
    ],
)
def test_address_is_understood(text: str, expected: str) -> None:
    assert str(parse_address(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "runner", "unix:", "unix:relative", "http://127.0.0.1:1", "tls://host"),
        *("tls://host:99999", "tls://:1", "tls://user@host:1", "tls://host:1/path"),
        *("tcp://10.0.0.1:1", "tcp://0.0.0.0:1", "tcp://localhost:1", "tcp://[::]:1"),
    ],
)
def test_address_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_address(text)


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
async def test_run_goes_over_the_network(
    server: Server,
    certificates: Certificates,
    authority: Authority,
    settings: Settings,
    scheme: str,
) -> None:
    settings.RUNNER_CA_FILE = str(authority.file)
    big = "x" * (3 << 20)
    spec = RunSpec(
        ("sh", "-c", "cat big | wc -c; head -c 200000 /dev/zero"),
        files=(source_file("big", big),),
        stdin=b"y" * 100_000,
    )
    async with listening(server, scheme, certificates) as address:
        client = RunnerClient(address)
        result = await client.run_to_end(spec)
        await client.cancel(spec.run)
        status = await client.status()

    assert result.stdout == b"3145728\n" + b"\0" * 200_000
    assert status.available


async def test_cancel_over_tls_ends_the_run(
    server: Server,
    certificates: Certificates,
    authority: Authority,
    settings: Settings,
) -> None:
    settings.RUNNER_CA_FILE = str(authority.file)
    spec = RunSpec(("sleep", "30"))
    async with listening(server, "tls", certificates) as address:
        client = RunnerClient(address)
        running = asyncio.create_task(client.run_to_end(spec))
        async with asyncio.timeout(10):
            while not server._runs:  # noqa: ASYNC110 - another task's doing
                await asyncio.sleep(0.01)
            await client.cancel(spec.run)
            result = await running

    assert result.reason == "cancelled"


async def test_wrong_token_is_refused(server: Server, settings: Settings) -> None:
    settings.RUNNER_TOKEN = "another token of more than 32 characters"
    async with listening(server, "tcp") as address:
        with pytest.raises(RunnerUnavailable) as refusal:
            await RunnerClient(address).status()

    assert (refusal.value.code, refusal.value.retryable) == ("unauthorized", False)


async def test_short_token_is_not_even_sent(server: Server, settings: Settings) -> None:
    settings.RUNNER_TOKEN = "short"
    with pytest.raises(RunnerUnavailable) as refusal:
        await RunnerClient("tcp://127.0.0.1:9").status()

    assert refusal.value.code == "runner_misconfigured"


@pytest.mark.parametrize(
    "first",
    [
        encode_frame(StatusRequest()),
        struct.pack(">I", 3) + b"[1]",
        struct.pack(">I", 1 << 20) + b"x" * 100,
        encode_frame(Authentication("x" * 513)),
    ],
    ids=["another request", "no object", "too large", "long token"],
)
async def test_first_frame_must_authenticate(server: Server, first: bytes) -> None:
    async with listening(server, "tcp") as address:
        reader, writer = await dial(address)
        writer.write(first + encode_frame(StatusRequest()))
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()

    assert b"unauthorized" in answer
    assert b"available" not in answer


async def test_stranger_that_says_nothing_is_put_out(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.transport._AUTHENTICATE_SECONDS", 0.1)
    async with listening(server, "tcp") as address:
        reader, writer = await dial(address)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_strangers_are_few_at_a_time_and_do_not_shut_others_out(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.transport._MAX_STRANGERS", 2)
    async with listening(server, "tcp") as address:
        known = await dial(address)
        known[1].write(encode_frame(Authentication(TOKEN)))
        known[1].write(encode_frame(StatusRequest()))
        assert await known[0].readexactly(4)
        strangers = [await dial(address) for _ in range(2)]
        await asyncio.sleep(0)
        turned_away, writer = await dial(address)
        async with asyncio.timeout(3):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await turned_away.readexactly(1)
        known[1].write(encode_frame(StatusRequest()))
        assert await known[0].readexactly(4)
        for each in (known, *strangers, (turned_away, writer)):
            each[1].close()


async def dial(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    place = parse_address(address)
    return await asyncio.open_connection(place.host, place.port)


async def test_runner_with_a_foreign_certificate_gets_no_token(
    server: Server,
    certificates: Certificates,
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.RUNNER_CA_FILE = str(Authority(tmp_path / "other").file)
    async with listening(server, "tls", certificates) as address:
        with pytest.raises(RunnerUnavailable) as refusal:
            await RunnerClient(address).status()

    assert refusal.value.code == "runner_unreachable"


async def test_plain_client_gets_nothing_from_an_encrypted_runner(
    server: Server, certificates: Certificates
) -> None:
    async with listening(server, "tls", certificates) as address:
        reader, writer = await dial(address)
        writer.write(encode_frame(Authentication(TOKEN)))
        writer.write(encode_frame(StatusRequest()))
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()

    assert b"available" not in answer


@pytest.mark.parametrize("is_known", [True, False], ids=["signed", "none"])
async def test_client_certificate_is_asked_for_where_an_authority_is_given(
    server: Server, authority: Authority, settings: Settings, is_known: bool
) -> None:
    pair, own = authority.sign("runner"), authority.sign("web")
    settings.RUNNER_CA_FILE = str(authority.file)
    if is_known:
        settings.RUNNER_TLS_CERT = str(own.certificate)
        settings.RUNNER_TLS_KEY = str(own.key)
    certificates = Certificates(pair.certificate, pair.key, authority.file)
    async with listening(server, "tls", certificates) as address:
        try:
            is_let_in = (await RunnerClient(address).status()).available
        except RunnerUnavailable:
            is_let_in = False

    assert is_let_in is is_known


async def test_certificate_that_cannot_be_read_is_named(
    server: Server, tmp_path: Path
) -> None:
    certificates = Certificates(tmp_path / "none.pem", tmp_path / "none.key")
    with pytest.raises(RunnerError, match="certificate"):
        async with listening(server, "tls", certificates):
            pass


async def test_port_can_be_shared_with_the_next_generation(server: Server) -> None:
    async with listening(server, "tcp") as address:
        doors = Doors((parse_address(address),), token=TOKEN)
        following = Listeners(doors, server.accept, nullcontext)
        await following.open()
        following.close()

        assert (await RunnerClient(address).status()).available


def read(arguments: list[str], env: dict[str, str]) -> Doors:
    parser = argparse.ArgumentParser()
    add_doors(parser)
    return read_doors(parser.parse_args(arguments), env)


def test_options_come_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    env = {
        "RUNNER_LISTEN": "unix:/run/r.sock, tls://0.0.0.0:7000",
        "RUNNER_TOKEN_FILE": str(tmp_path / "token"),
        "RUNNER_TLS_CERT": "/c.pem",
        "RUNNER_TLS_KEY": "/k.pem",
    }

    doors = read([], env)

    assert [str(each) for each in doors.addresses] == [
        "unix:/run/r.sock",
        "tls://0.0.0.0:7000",
    ]
    assert doors.token == TOKEN
    assert doors.certificates == Certificates(Path("/c.pem"), Path("/k.pem"))
    assert TOKEN not in repr(doors)


def test_command_line_comes_before_the_environment() -> None:
    doors = read(["--socket", "/run/s"], {"RUNNER_LISTEN": "unix:/run/other"})

    assert [str(each) for each in doors.addresses] == ["unix:/run/s"]


@pytest.mark.parametrize(
    ("env", "complaint"),
    [
        ({"RUNNER_LISTEN": "tls://0.0.0.0:1", "RUNNER_TOKEN": TOKEN}, "certificate"),
        ({"RUNNER_LISTEN": "tcp://127.0.0.1:1", "RUNNER_TOKEN": "short"}, "token"),
        ({"RUNNER_LISTEN": "unix:/s", "RUNNER_TOKEN_FILE": "/nowhere"}, "read"),
    ],
    ids=["no certificate", "short token", "no file"],
)
def test_options_that_do_not_fit_are_named(env: dict[str, str], complaint: str) -> None:
    with pytest.raises(RunnerError, match=complaint):
        read([], env)
