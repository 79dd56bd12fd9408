"""Chainlit in an environment of its own under var/bench: no dependency of ours."""

import importlib.metadata
import subprocess
from pathlib import Path

from tools.bootstrap.paths import PYTHON, UV, VAR

VERSION = "2.12.0"
HOME = VAR / "bench" / "chainlit"
FOLDER = VAR / "bench" / "chainlit-app"
PROGRAM = HOME / "bin" / "chainlit"


def make() -> str:
    """Install it where it is not yet; return why that was not possible, or nothing.

    It gets the SDK in the same version as ours: what differs is the relay.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    if PROGRAM.exists():
        return ""
    sdk = f"anthropic=={importlib.metadata.version('anthropic')}"
    print(f"Installing Chainlit {VERSION} into {HOME.relative_to(VAR.parent)} …")
    return _run(UV, "venv", "--quiet", "--clear", "--python", PYTHON, HOME) or _run(
        UV,
        "pip",
        "install",
        "--quiet",
        "--python",
        HOME / "bin" / "python",
        f"chainlit=={VERSION}",
        sdk,
    )


def _run(*argv: str | Path) -> str:
    try:
        done = subprocess.run(
            [str(part) for part in argv], check=False, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        return f"{error.filename} is missing"
    words = (done.stderr or done.stdout).strip().splitlines() or ["it failed"]
    return words[-1] if done.returncode else ""
