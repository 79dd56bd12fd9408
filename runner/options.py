"""Where the runner listens, from its command line and its environment."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from runner.errors import RunnerError
from runner.protocol import Address, ProtocolError, parse_address
from runner.transport import Certificates, Doors


def add_doors(parser: argparse.ArgumentParser) -> None:
    """The options. The token is none of them: everybody can see a command line."""
    parser.add_argument(
        "--listen",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="unix:/path, tls://host:port or tcp://127.0.0.1:port; may be repeated "
        "(default: RUNNER_LISTEN, comma-separated). Over a network the token in "
        "RUNNER_TOKEN or in the file RUNNER_TOKEN_FILE is needed",
    )
    parser.add_argument("--socket", metavar="PATH", help="short for --listen unix:PATH")
    parser.add_argument(
        "--socket-mode", type=lambda text: int(text, 8), default=0o600, metavar="OCTAL"
    )
    for name, what in _FILES.items():
        parser.add_argument(f"--{_option(name)}", type=Path, help=f"{what} ({name})")


_FILES = {
    "RUNNER_TLS_CERT": "certificate chain of this runner, PEM",
    "RUNNER_TLS_KEY": "its private key, PEM",
    "RUNNER_CA_FILE": "authority whose clients' certificates are asked for, if any",
}


def read_doors(options: argparse.Namespace, env: Mapping[str, str]) -> Doors:
    """RunnerError where something is missing or does not fit together."""
    texts = list(options.listen)
    if options.socket:
        texts.append(f"unix:{Path(options.socket).resolve()}")
    texts = texts or [item for item in _words(env.get("RUNNER_LISTEN", "")) if item]
    doors = Doors(
        addresses=tuple(dict.fromkeys(_parse(text) for text in texts)),
        mode=options.socket_mode,
        token=_read_token(env),
        certificates=_read_certificates(options, env),
    )
    if not doors.addresses:
        raise RunnerError("Say where to listen: --listen unix:/path or RUNNER_LISTEN.")
    doors.check()
    return doors


def _read_certificates(
    options: argparse.Namespace, env: Mapping[str, str]
) -> Certificates | None:
    given: dict[str, Path | None] = {}
    for name in _FILES:
        option = getattr(options, _option(name).replace("-", "_"))
        given[name] = option or (Path(env[name]) if env.get(name) else None)
    certificate, key, authority = given.values()
    if certificate is None or key is None:
        return None
    return Certificates(certificate, key, authority)


def _read_token(env: Mapping[str, str]) -> str:
    if env.get("RUNNER_TOKEN"):
        return env["RUNNER_TOKEN"]
    file = env.get("RUNNER_TOKEN_FILE")
    if not file:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        message = f"RUNNER_TOKEN_FILE cannot be read: {error.strerror}."
        raise RunnerError(message) from error


def _parse(text: str) -> Address:
    try:
        return parse_address(text)
    except ProtocolError as error:
        raise RunnerError(error.message) from error


def _option(name: str) -> str:
    return name.removeprefix("RUNNER_").lower().replace("_", "-")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]
