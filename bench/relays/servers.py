"""The relays that are compared, each in a process of its own, warm and on loopback."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.processes import Server, answers, listens, serve, wait_until
from bench.relays import chainlit_home
from tools.bootstrap.paths import ROOT, VAR
from tools.bootstrap.ports import free_port

LOGS = VAR / "bench" / "logs"
_DIRECT = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


@contextmanager
def open_upstream() -> Iterator[Server]:
    """Run the stand-in for the Messages API."""
    with _module("upstream", "bench.relays.upstream") as server:
        yield server


@contextmanager
def open_bare(upstream: str) -> Iterator[Server]:
    """Run the bare SDK relay."""
    with _module("bare", "bench.relays.bare", upstream) as server:
        yield server


@contextmanager
def open_ours(kind: str, upstream: str, services: dict[str, str]) -> Iterator[Server]:
    """Run our web process, whole, on daphne or uvicorn, on the services' settings."""
    port = free_port()
    env = {
        "WEB_SERVER": kind,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ASSISTANT_PROVIDER": "anthropic",
        "ANTHROPIC_BASE_URL": upstream,
        "ANTHROPIC_API_KEY": "bench",
        "LOG_LEVEL": "INFO",
        **services,
    }
    arguments = ["manage.py", "web", "--port", str(port)]
    with _logged(f"ours-{kind}", arguments, port, env) as server:
        wait_until(server, partial(answers, f"{server.url}/healthz"))
        yield server


@contextmanager
def open_chainlit(upstream: str) -> Iterator[Server]:
    """Run Chainlit from its own environment; it was made before."""
    port = free_port()
    app = str(ROOT / "bench" / "relays" / "chainlit_app.py")
    env = {
        "BENCH_UPSTREAM": upstream,
        "CHAINLIT_APP_ROOT": str(chainlit_home.FOLDER),
        # It would keep its chats there.
        "DATABASE_URL": "",
    }
    arguments = ["run", app, "--headless", "--host", "127.0.0.1", "--port", str(port)]
    program = str(chainlit_home.PROGRAM)
    with _logged("chainlit", arguments, port, env, program=program) as server:
        wait_until(server, partial(answers, server.url))
        yield server


@contextmanager
def _module(name: str, module: str, *arguments: str) -> Iterator[Server]:
    port = free_port()
    argv = ["-m", module, str(port), *arguments]
    with _logged(name, argv, port, {}) as server:
        wait_until(server, partial(listens, server.process, port))
        yield server


@contextmanager
def _logged(
    name: str,
    arguments: Sequence[str],
    port: int,
    env: dict[str, str],
    **options: str,
) -> Iterator[Server]:
    LOGS.mkdir(parents=True, exist_ok=True)
    log: Path = LOGS / f"{name}.log"
    with serve(arguments, port, env | _DIRECT, log=log, **options) as server:
        yield server
