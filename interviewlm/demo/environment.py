"""The demo's folder, its lock, and the variables its processes run with."""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.bootstrap.console import SetupError

LONGEST_SOCKET_PATH = 100  # the kernel takes 107 bytes
SERVERS = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "MEDIA_S3_BUCKET")
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo lives and how it is reached."""

    port: int
    simulator_port: int
    name: str = "demo"
    end: str = "The data stays; RESET=1 starts anew."
    folder: Path = ROOT / "var"

    @property
    def var(self) -> Path:
        """Return the folder with its data."""
        return self.folder / self.name

    @property
    def logs(self) -> Path:
        """Return the folder with its processes' output."""
        return self.var / "logs"

    @property
    def runner_socket(self) -> Path:
        """Return the runner's socket, elsewhere if the folder's path is too long."""
        socket = self.var / "runner.sock"
        if len(str(socket)) <= LONGEST_SOCKET_PATH:
            return socket
        digest = hashlib.sha256(str(self.var).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"interviewlm-{digest}.sock"

    @property
    def url(self) -> str:
        """Return where the web process answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def toolchain(self) -> Path:
        """Return the tree that set-up built for candidates' programs."""
        return ROOT / "var" / "toolchain"


@contextlib.contextmanager
def locked(demo: Demo) -> Iterator[None]:
    """Hold the demo's lock: two demos on one database would fight over it.

    The lock lies beside the folder, so that RESET can remove the folder; it goes
    with the process, however that ends.
    """
    demo.var.parent.mkdir(parents=True, exist_ok=True)
    path = demo.var.parent / f"{demo.name}.lock"
    with path.open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SetupError(
                f"A {demo.name} is already running from this folder.",
                "Use that one, or stop it with Ctrl-C where it runs.",
            ) from error
        yield


def prepare_folder(demo: Demo, *, is_reset: bool) -> None:
    """Make the demo's folder, empty if `is_reset`; only its owner may look inside."""
    if is_reset and demo.var.exists():
        shutil.rmtree(demo.var)
    demo.var.mkdir(parents=True, exist_ok=True, mode=0o700)
    demo.logs.mkdir(exist_ok=True)


def build_env(demo: Demo, outer: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what the demo sets; a model key of the person's own is left to work.

    No servers are set: their absence is the embedded column of the architecture.
    """
    simulated = not (
        outer.get("ANTHROPIC_API_KEY") or outer.get("ANTHROPIC_API_KEY_FILE")
    )
    own = {
        "DJANGO_SETTINGS_MODULE": "interviewlm.settings",
        "INTERVIEWLM_ENV": "development",
        "SECRET_KEY": _secret(demo.var / "secret"),
        "PUBLIC_URL": demo.url,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "VAR_DIR": str(demo.var),
        "STATIC_ROOT": str(ROOT / "var" / "static"),
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "RUNNER_SOCKET": str(demo.runner_socket),
        "SANDBOX_REQUIRE_HARD_LIMITS": "no",
        "ASSISTANT_SIMULATOR_URL": f"http://127.0.0.1:{demo.simulator_port}",
        "ASSISTANT_PROVIDER": "simulator" if simulated else "anthropic",
        "LOG_JSON": "no",
        "PYTHONUNBUFFERED": "1",
    }
    return own | dict.fromkeys(SERVERS, "") | {f"{name}_FILE": "" for name in SERVERS}


def _secret(path: Path) -> str:
    """Return the demo's own SECRET_KEY, made once, readable by its owner only."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        secret = secrets.token_urlsafe(48)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(secret)
        return secret
