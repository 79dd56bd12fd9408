"""How clients reach the runner: a unix socket, or a network behind a shared token."""

import asyncio
import hashlib
import hmac
import logging
import os
import secrets
import socket
import ssl
import stat
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from runner.errors import RunnerError
from runner.protocol import (
    MIN_TOKEN_CHARS,
    Address,
    Failure,
    ProtocolError,
    encode_frame,
    read_frame,
)
from runner.protocol.authentication import MAX_BYTES, parse_authentication

logger = logging.getLogger(__name__)

# One less than a kernel takes, and room for the name a socket has before it is moved.
_MAX_SOCKET_PATH = 100
_SUFFIX_BYTES = 3
_AUTHENTICATE_SECONDS = 5.0
_REFUSED_SECONDS = 0.5
_MAX_STRANGERS = 32
_KEEPALIVE = {socket.TCP_KEEPIDLE: 30, socket.TCP_KEEPINTVL: 10, socket.TCP_KEEPCNT: 3}

Accept = Callable[
    [asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]
]


@dataclass(frozen=True, slots=True)
class Certificates:
    """The server's own, and whose clients' certificates are asked for, if anybody's."""

    certificate: Path
    key: Path
    client_authority: Path | None = None

    def load(self) -> ssl.SSLContext:
        """RunnerError naming what is wrong with the files."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        try:
            context.load_cert_chain(self.certificate, self.key)
            if self.client_authority is not None:
                context.load_verify_locations(self.client_authority)
                context.verify_mode = ssl.CERT_REQUIRED
        except (OSError, ssl.SSLError) as error:
            message = f"The runner's certificate cannot be used: {error.strerror}."
            raise RunnerError(message) from error
        return context


@dataclass(frozen=True, slots=True)
class Doors:
    """Where and how to listen."""

    addresses: tuple[Address, ...]
    mode: int = 0o600
    token: str = field(default="", repr=False)
    certificates: Certificates | None = None

    def check(self) -> None:
        """RunnerError where something is missing, before anything is started."""
        for address in self.addresses:
            if len(os.fsencode(address.path)) > _MAX_SOCKET_PATH:
                raise RunnerError("The path of the runner's socket is too long.")
            if address.is_network and len(self.token) < MIN_TOKEN_CHARS:
                raise RunnerError(
                    f"To listen on {address} the runner needs a token of at least "
                    f"{MIN_TOKEN_CHARS} characters: set RUNNER_TOKEN."
                )
            if address.scheme == "tls" and self.certificates is None:
                raise RunnerError(
                    f"To listen on {address} the runner needs a certificate: "
                    "set RUNNER_TLS_CERT and RUNNER_TLS_KEY."
                )


class Listeners:
    """All open doors. `alone` is held while a socket's path changes hands."""

    def __init__(
        self,
        doors: Doors,
        accept: Accept,
        alone: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._doors = doors
        self._accept = accept
        self._alone = alone
        self._gate = Gate(doors.token)
        self._servers: list[asyncio.Server] = []
        self._sockets: dict[Path, tuple[int, int]] = {}
        self._strangers: set[asyncio.Task[None]] = set()
        self._known: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen everywhere; RunnerError, and nothing open, where that fails."""
        self._doors.check()
        try:
            for address in self._doors.addresses:
                await self._open(address)
        except BaseException:
            self.close()
            raise

    @property
    def is_replaced(self) -> bool:
        """Another runner has taken over the path of a socket of ours."""
        return any(_identify(path) != ours for path, ours in self._sockets.items())

    def close(self) -> None:
        """Take no more connections; those that are open stay."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        for stranger in self._strangers:
            stranger.cancel()
        with self._alone():
            for path, ours in self._sockets.items():
                if _identify(path) == ours:
                    path.unlink()
        self._sockets.clear()

    async def _open(self, address: Address) -> None:
        try:
            if address.scheme == "unix":
                await self._open_path(Path(address.path))
            else:
                await self._open_port(address)
        except OSError as error:
            message = f"The runner cannot listen on {address}: {error.strerror}."
            raise RunnerError(message) from error

    async def _open_path(self, path: Path) -> None:
        """Whoever listened at this path before keeps its connections and gets no more:
        the new socket takes the name in one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_replaceable(path)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(_SUFFIX_BYTES)}")
        before = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._receive_known, fresh)
        finally:
            os.umask(before)
        self._servers.append(server)
        fresh.chmod(self._doors.mode)
        with self._alone():
            self._sockets[path] = _identify(fresh)
            fresh.rename(path)

    async def _open_port(self, address: Address) -> None:
        """The next generation may listen on the same port while this one still does."""
        context = None
        if address.scheme == "tls" and self._doors.certificates is not None:
            context = self._doors.certificates.load()

        server = await asyncio.start_server(
            partial(self._receive, context=context),
            address.host,
            address.port,
            reuse_port=True,
        )
        self._servers.append(server)

    def _receive_known(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """A plain function: a stream server complains of cancelled coroutines."""
        task = asyncio.create_task(self._accept(reader, writer))
        self._known.add(task)
        task.add_done_callback(self._known.discard)

    def _receive(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        context: ssl.SSLContext | None,
    ) -> None:
        task = asyncio.create_task(self._admit(reader, writer, context))
        self._strangers.add(task)
        task.add_done_callback(self._strangers.discard)

    async def _admit(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        context: ssl.SSLContext | None,
    ) -> None:
        if await self._gate.admit(reader, writer, context):
            self._receive_known(reader, writer)


class Gate:
    """Lets in who shows the token. Strangers are few at a time and have 5 seconds."""

    def __init__(self, token: str) -> None:
        self._digest = _digest(token)
        self._strangers = 0

    async def admit(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        context: ssl.SSLContext | None,
    ) -> bool:
        """True once the client has authenticated; else the connection is closed."""
        if self._strangers >= _MAX_STRANGERS:
            writer.transport.abort()
            return False
        self._strangers += 1
        is_known = False
        try:
            is_known = await self._examine(reader, writer, context)
        except (OSError, TimeoutError) as error:
            logger.info("a client did not authenticate: %s", type(error).__name__)
        finally:
            self._strangers -= 1
            if not is_known:
                writer.close()
        return is_known

    async def _examine(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        context: ssl.SSLContext | None,
    ) -> bool:
        async with asyncio.timeout(_AUTHENTICATE_SECONDS):
            _keep_alive(writer)
            if context is not None:
                await writer.start_tls(context)
            try:
                data = await read_frame(reader, limit=MAX_BYTES)
                if data is None:
                    return False
                token = parse_authentication(data).token
            except ProtocolError:
                token = ""
        if hmac.compare_digest(_digest(token), self._digest):
            return True
        await self._refuse(writer)
        return False

    async def _refuse(self, writer: asyncio.StreamWriter) -> None:
        """After a while, so that trying many tokens takes long."""
        logger.warning("a client showed a wrong token")
        await asyncio.sleep(_REFUSED_SECONDS)
        message = "The runner does not accept this token."
        writer.write(encode_frame(Failure("unauthorized", message)))
        async with asyncio.timeout(_AUTHENTICATE_SECONDS):
            await writer.drain()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """A client whose machine has gone is noticed, and its runs are ended."""
    connection = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE.items():
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _identify(path: Path) -> tuple[int, int]:
    """Which file this is; zeros when there is none."""
    try:
        found = path.lstat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _check_replaceable(path: Path) -> None:
    """Only a socket of our own account may be replaced; anything else stays."""
    with suppress(FileNotFoundError):
        found = path.lstat()
        if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
            raise RunnerError("Something else is at the path of the runner's socket.")
