"""Runs the simulator: `python -m assistant.simulator --port N`."""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import sys
from collections.abc import Mapping, Sequence

import uvicorn

from assistant.simulator.app import Settings, create_app

logger = logging.getLogger("assistant.simulator")

DRAIN_SECONDS = 1


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    reason = refusal(options.host, os.environ, is_forced=options.force)
    if reason is not None:
        sys.stderr.write(f"{reason}\n")
        return 2
    app = create_app(Settings(token_delay_ms=options.token_delay_ms))
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    logger.info("every answer is simulated; listening on port %s", options.port)
    server = uvicorn.Server(config)
    server.run()
    return 0 if server.started else 1


def refusal(
    host: str, environment: Mapping[str, str], *, is_forced: bool
) -> str | None:
    """Why the simulator will not start here, or None."""
    if is_forced:
        return None
    if environment.get("INTERVIEWLM_ENV") != "development":
        return (
            "The simulator answers without a model, so it runs in development only. "
            "Set INTERVIEWLM_ENV=development, or pass --force."
        )
    if not _is_loopback(host):
        return (
            f"The simulator listens on this machine only, and {host} is no loopback "
            "address. Use 127.0.0.1, or pass --force."
        )
    return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m assistant.simulator",
        description="A local server on the Messages protocol, without a model.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token-delay-ms", type=float, default=15.0)
    parser.add_argument(
        "--force", action="store_true", help="start outside development or loopback"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
