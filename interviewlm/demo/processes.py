"""The processes of the embedded column: runner, simulator, worker with beat, web."""

import sys
from pathlib import Path

from interviewlm.demo.children import Spec
from interviewlm.demo.environment import Demo

PYTHON = sys.executable


def back(demo: Demo, *, is_simulated: bool) -> list[Spec]:
    """Return what the others lean on."""
    specs = [runner(demo.runner_socket, demo.var / "runner", demo.toolchain)]
    if is_simulated:
        argv = ("-m", "assistant.simulator", "--port", str(demo.simulator_port))
        env = {"INTERVIEWLM_ENV": "development"}
        specs.append(Spec("simulator", (PYTHON, *argv), env, knows_secrets=False))
    return specs


def runner(socket: Path, state: Path, toolchain: Path) -> Spec:
    """Return the process that owns the sandboxes."""
    argv = [PYTHON, "-m", "runner", "serve", "--socket", str(socket)]
    argv += ["--state-dir", str(state), "--toolchain", str(toolchain)]
    env = {"SANDBOX_REQUIRE_HARD_LIMITS": "no"}
    return Spec("runner", tuple(argv), env, knows_secrets=False)


def front(demo: Demo) -> list[Spec]:
    """Return web and the worker, which holds beat as well."""
    return [web("web server", demo.port), worker("worker", "--beat")]


def web(name: str, port: int) -> Spec:
    """Return a web process."""
    return Spec(name, (PYTHON, "manage.py", "web", "--port", str(port)))


def worker(name: str, *options: str) -> Spec:
    """Return a worker.

    A process of its own with the prefork pool: only that pool has time limits and
    survives a task that takes its process down.
    """
    argv = [PYTHON, "-m", "celery", "-A", "interviewlm", "worker"]
    argv += ["--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO"]
    argv += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Spec(name, (*argv, "-n", f"{name.replace(' ', '')}@%h", *options))


def beat() -> Spec:
    """Return the one process that wakes the sweeps."""
    argv = ("-m", "celery", "-A", "interviewlm", "beat", "--pidfile", "")
    return Spec("beat", (PYTHON, *argv))
