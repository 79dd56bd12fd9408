"""Where a runner listens: `unix:/path`, `tls://host:port` or `tcp://127.0.0.1:port`."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from runner.protocol.fields import ProtocolError

Scheme = Literal["unix", "tls", "tcp"]


@dataclass(frozen=True, slots=True)
class Address:
    """One place; `path` of a unix socket, else `host` and `port`."""

    scheme: Scheme
    path: str = ""
    host: str = ""
    port: int = 0

    @property
    def is_network(self) -> bool:
        """Whoever comes this way has to authenticate."""
        return self.scheme != "unix"

    def __str__(self) -> str:
        if self.scheme == "unix":
            return f"unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_address(text: str) -> Address:
    """The address; a bare path is a unix socket. ProtocolError for anything else, and
    for plain TCP to another machine: it would show every file to whoever listens in."""
    if text.startswith(("/", "unix:/")):
        return Address("unix", path=text.removeprefix("unix:"))
    scheme, host, port = _split(text)
    if scheme == "tls":
        return Address("tls", host=host, port=port)
    if scheme != "tcp":
        raise ProtocolError(
            f"{text!r} is no address of a runner: "
            "give unix:/path, tls://host:port or tcp://127.0.0.1:port."
        )
    if not _is_loopback(host):
        raise ProtocolError(
            f"{text!r} leads to another machine without encryption: use tls://."
        )
    return Address("tcp", host=host, port=port)


def _split(text: str) -> tuple[str, str, int]:
    """(scheme, host, port); an empty scheme for what has more or less than these."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        return "", "", 0
    has_more = parts.path.strip("/") or parts.query or parts.fragment or "@" in text
    if has_more or not host or not port:
        return "", "", 0
    return parts.scheme, host, port


def _is_loopback(host: str) -> bool:
    """Only literal addresses: a name may lead anywhere tomorrow."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
