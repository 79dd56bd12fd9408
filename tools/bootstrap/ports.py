"""Ports of this machine: is one free, which one is."""

import socket

from tools.bootstrap.console import SetupError

LOOPBACK = "127.0.0.1"


def parse_port(text: str) -> int:
    """Return the port a person gave."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SetupError(
            f"PORT is “{text}”, which is not a port.",
            "Give a number from 1024 to 65535, for example: make demo PORT=8001",
        )
    return int(text)


def require_free(port: int) -> None:
    """Raise SetupError when nothing can listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError as error:
            raise SetupError(
                f"Port {port} may only be used by root.",
                "Choose one above 1023, for example: make demo PORT=8001",
            ) from error
        except OSError as error:
            raise SetupError(
                f"Port {port} is in use by another program.",
                "Stop it, or choose another port: "
                f"make demo PORT={port + 1 if port < 65535 else 8001}",
            ) from error


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
