"""The product as real processes on the test's database, each of which may be killed."""

import os
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

import redis
from django.conf import settings
from django.db import connection

from interviewlm.demo import processes
from interviewlm.demo.children import Child, Spec
from interviewlm.demo.environment import ROOT, Demo, build_env, prepare_folder
from interviewlm.demo.readiness import accepts
from runner.toolchain.build import build
from tests.fakes.runner_process import TOOLCHAIN, require_sandbox
from tools.bootstrap.ports import free_port

STARTS_WITHIN = 40.0
REDIS_DATABASE = 7


def wait_until(is_so: Callable[[], Any], what: str, seconds: float = 30.0) -> None:
    """Wait for a condition; fail with what was waited for."""
    deadline = monotonic() + seconds
    while not is_so():
        assert monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        sleep(0.05)


class Stack:
    """Web, a second web, runner, worker with beat and simulator, by these names."""

    def __init__(self, folder: Path, settings_module: str) -> None:
        self.demo = Demo(
            port=free_port(), simulator_port=free_port(), name="stack", folder=folder
        )
        self.url = self.demo.url
        self.ports = {"web": self.demo.port, "web2": free_port()}
        self._children: dict[str, Child] = {}
        prepare_folder(self.demo, is_reset=False)
        self.env = self._build_env(settings_module)
        self._ready: dict[str, Callable[[], bool]] = {
            "web": lambda: is_ok(f"{self.url}/healthz"),
            "web2": lambda: accepts(self.ports["web2"]),
            "runner": lambda: is_listening(self.demo.runner_socket),
            "simulator": lambda: accepts(self.demo.simulator_port),
            "worker": lambda: True,
        }

    def _build_env(self, settings_module: str) -> dict[str, str]:
        return build_env(self.demo, {}) | {
            "DJANGO_SETTINGS_MODULE": settings_module,
            "SECRET_KEY": settings.SECRET_KEY,
            "DATABASE_URL": database_url(),
            "REDIS_URL": redis_url(),
        }

    def full_env(self) -> dict[str, str]:
        """Return the environment of a management command."""
        return {**os.environ, **self.env}

    def _spec(self, name: str) -> Spec:
        demo = self.demo
        specs = {
            "web": processes.web("web", self.ports["web"]),
            "web2": processes.web("web2", self.ports["web2"]),
            "worker": processes.worker("worker", "--beat"),
        } | {spec.name: spec for spec in processes.back(demo, is_simulated=True)}
        spec = specs[name]
        return replace(spec, env=self.env) if spec.knows_secrets else spec

    def start(self, *names: str) -> None:
        """Start these, each ready before the next."""
        for name in names:
            if name == "runner":
                require_sandbox()
                build(TOOLCHAIN)
            child = Child(self._spec(name), self.demo.logs, ROOT)
            self._children[name] = child
            child.start()
            wait_until(partial(self._is_up, name), f"{name} is up", STARTS_WITHIN)

    def _is_up(self, name: str) -> bool:
        child = self._children[name]
        assert child.exit_code() is None, f"{name} ended: {child.last_words()}"
        return bool(self._ready[name]())

    def pid(self, name: str) -> int:
        """Return the id of a process that runs."""
        pid = self._children[name].pid
        assert pid is not None
        return pid

    def kill(self, name: str) -> None:
        """Kill -9, as a power cut would: it and what is in its group."""
        child = self._children.pop(name)
        child.signal_group(signal.SIGKILL)
        child.reap()

    def kill_alone(self, name: str) -> None:
        """Kill -9 the process itself; its own children are left to notice."""
        os.kill(self.pid(name), signal.SIGKILL)
        self._children.pop(name).reap()

    def stop(self) -> None:
        """Leave nothing running."""
        for name in list(self._children):
            self.kill(name)


@contextmanager
def open_stack(folder: Path, settings_module: str) -> Iterator[Stack]:
    """A stack that is gone afterwards, whatever happens."""
    address = redis_url()
    if address:
        with redis.Redis.from_url(address) as server:
            server.flushdb()
    stack = Stack(folder, settings_module)
    try:
        yield stack
    finally:
        stack.stop()


def database_url() -> str:
    """Return the address of the database this test uses."""
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{config['NAME']}"
    user, password = quote(config["USER"]), quote(config["PASSWORD"])
    where = f"{quote(config['HOST'], safe='')}:{config['PORT'] or 5432}"
    return f"postgresql://{user}:{password}@{where}/{config['NAME']}"


def redis_url() -> str:
    """Return a database of the test's Redis that no other test uses, or nothing."""
    address = os.environ.get("TEST_REDIS_URL", "")
    if not address:
        return ""
    base = address.rpartition("/")[0] if address.count("/") > 2 else address
    return f"{base}/{REDIS_DATABASE}"


def is_ok(address: str) -> bool:
    """Return whether the address answers 200."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def is_listening(path: Path) -> bool:
    """Return whether somebody accepts connections on a unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
