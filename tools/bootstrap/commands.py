"""Runs the outside tools, their output kept in a file, their failures in words."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.bootstrap.console import SetupError
from tools.bootstrap.paths import LOGS, ROOT

_NETWORK = re.compile(
    r"name resolution|name or service not known|could not resolve|enotfound|eai_again"
    r"|econnrefused|econnreset|etimedout|connection refused|failed to establish"
    r"|network is unreachable|enetunreach|dns error|timed out|no route to host"
    r"|no matching distribution found|could not find a version",
    re.IGNORECASE,
)
_DISK_FULL = re.compile(r"no space left on device|enospc", re.IGNORECASE)
_ERROR = re.compile(r"\berror\b", re.IGNORECASE)
_READ_ONLY = re.compile(
    r"read-only file system|erofs|permission denied|eacces", re.IGNORECASE
)


def run(
    argv: Sequence[object],
    *,
    log: str,
    failure: str,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> None:
    """Run `argv` with its output in `LOGS/log.log`; raise SetupError if it fails."""
    path = LOGS / f"{log}.log"
    LOGS.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as output:
        try:
            code = subprocess.run(  # noqa: S603 -- our own command lines
                [str(part) for part in argv],
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        except FileNotFoundError as error:
            raise SetupError(
                f"{failure} {error.filename} is missing.",
                "Remove the folder .venv and run the same command again.",
            ) from error
    if code != 0:
        text = path.read_text(encoding="utf-8", errors="replace")
        raise SetupError(failure, _mend(text, path))


def _mend(output: str, path: Path) -> str:
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    if _DISK_FULL.search(output):
        return "The disk is full. Make room, then run the same command again."
    if _NETWORK.search(output):
        return (
            "The network, or the package server, did not answer. Check the connection, "
            f"then run the same command again. Details: {shown}"
        )
    if _READ_ONLY.search(output):
        return (
            f"{ROOT} cannot be written to. Make it yours, or copy the project to a "
            f"folder that is. Details: {shown}"
        )
    return f"It said: {_telling_line(output)}\nDetails: {shown}"


def _telling_line(output: str) -> str:
    """Return the first line that names an error in words, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.search(line) and line.count(" ") > 4]
    return (errors or lines[-1:] or ["nothing"])[0][:300]
