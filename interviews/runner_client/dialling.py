"""Opens the stream to a runner, wherever it is, and shows it our token."""

import asyncio
import socket
import ssl
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from interviews.runner_client.errors import RunnerUnavailable
from runner.protocol import (
    MIN_TOKEN_CHARS,
    Address,
    Authentication,
    ProtocolError,
    encode_frame,
    parse_address,
)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def dial(address: str) -> Streams:
    """A stream on which requests may be sent at once.

    Raises OSError when nobody answers or the runner's certificate is not the right
    one, and RunnerUnavailable when our own settings do not allow to try.
    """
    try:
        place = parse_address(address)
    except ProtocolError as error:
        raise _misconfigured(error.message) from error
    if not place.is_network:
        return await asyncio.open_unix_connection(place.path)
    if len(settings.RUNNER_TOKEN) < MIN_TOKEN_CHARS:
        raise _misconfigured(f"RUNNER_TOKEN needs {MIN_TOKEN_CHARS} characters.")
    reader, writer = await asyncio.open_connection(
        place.host, place.port, ssl=_choose_context(place)
    )
    writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1
    )
    writer.write(encode_frame(Authentication(settings.RUNNER_TOKEN)))
    return reader, writer


def _choose_context(place: Address) -> ssl.SSLContext | None:
    if place.scheme != "tls":
        return None
    files = (
        settings.RUNNER_CA_FILE,
        settings.RUNNER_TLS_CERT,
        settings.RUNNER_TLS_KEY,
    )
    try:
        return _load_context(*files)
    except (OSError, ssl.SSLError) as error:
        raise _misconfigured(
            "RUNNER_CA_FILE, RUNNER_TLS_CERT or RUNNER_TLS_KEY cannot be used."
        ) from error


@lru_cache(maxsize=4)
def _load_context(authority: str, certificate: str, key: str) -> ssl.SSLContext:
    """Trust the given authority alone; without one, those of the system."""
    context = ssl.create_default_context(cafile=authority or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if certificate:
        context.load_cert_chain(certificate, key or None)
    return context


def _misconfigured(detail: str) -> RunnerUnavailable:
    message = _("Running code is off: the runner is not set up right. %(detail)s")
    return RunnerUnavailable(
        "runner_misconfigured", message % {"detail": detail}, is_retryable=False
    )
