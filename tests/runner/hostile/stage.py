"""Where the hostile programs run: the real runner, the real web process beside it, and
whatever an attack could find or leave behind."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from interviews.runner_client import RunnerClient
from runner.bwrap.hierarchies import find_hierarchies
from tests.runner.conftest import ROOT

HEALTH_SECONDS = 0.2
_START_SECONDS = 60
_SUITE_MEMORY = 3 << 30
_SUITE_PROCESSES = 1500
_WARM = 2

# Asks /healthz over and over and prints when, how long it took, and the answer.
_PROBE = """\
import http.client, sys, time
while True:
    began = time.monotonic()
    try:
        connection = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=5)
        connection.request('GET', '/healthz', headers={'Host': 'localhost'})
        status = connection.getresponse().status
        connection.close()
    except OSError as error:
        status = 0
    print(began, time.monotonic() - began, status, flush=True)
    time.sleep(0.02)
"""


@dataclass
class SuiteGroup:
    """Control groups around the runner, so that what it leaves can be told apart."""

    paths: Mapping[str, Path]

    def left(self) -> list[str]:
        """Groups of sandboxes below, which nobody has removed."""
        return [
            str(inner)
            for path in self.paths.values()
            for inner in path.glob("iv-sbx-*")
        ]


@contextmanager
def suite_group() -> Iterator[SuiteGroup]:
    found = find_hierarchies()
    name = f"iv-suite-{uuid4().hex}"
    group = SuiteGroup({key: path / name for key, path in found.parents.items()})
    for path in group.paths.values():
        path.mkdir(exist_ok=True)
    memory = "memory.max" if found.version == 2 else "memory.limit_in_bytes"
    for key, setting, value in (
        ("memory", memory, _SUITE_MEMORY),
        ("pids", "pids.max", _SUITE_PROCESSES),
    ):
        if key in group.paths:
            (group.paths[key] / setting).write_text(str(value))
    try:
        yield group
    finally:
        for path in group.paths.values():
            for leaf in [*path.glob("*/"), path]:
                with suppress(OSError):
                    leaf.rmdir()


@dataclass
class Stage:
    """The running processes, and the facts programs are told."""

    socket: Path
    state: Path
    runner: "subprocess.Popen[bytes]"
    group: SuiteGroup
    facts: dict[str, str]
    secrets: tuple[str, ...]
    health: Path
    mounts: set[str] = field(default_factory=set)
    descriptors: int = 0

    @property
    def client(self) -> RunnerClient:
        return RunnerClient(self.socket)

    def slow_answers(self, since: float) -> list[tuple[float, int]]:
        """(seconds, status) of every answer of /healthz that was late or wrong, up to
        one that was asked for after the end."""
        now, recent = time.monotonic(), list[tuple[float, float, int]]()
        while not recent or recent[-1][0] < now:
            assert time.monotonic() < now + _START_SECONDS, "the web does not answer"
            time.sleep(0.01)
            recent = [each for each in self._answers() if each[0] >= since]
        late = [each[1:] for each in recent]
        return [each for each in late if each[0] > HEALTH_SECONDS or each[1] != 200]

    def _answers(self) -> list[tuple[float, float, int]]:
        """(when it was asked, seconds, status) of every answer so far."""
        lines = [line.split() for line in self.health.read_text().split("\n")[:-1]]
        return [(float(at), float(took), int(code)) for at, took, code in lines]

    def leftovers(self) -> dict[str, list[str]]:
        """What is left once only sandboxes that wait remain; waits a little for it."""
        found: dict[str, list[str]] = {}
        for _attempt in range(150):
            found = {name: each for name, each in self._leftovers().items() if each}
            if not found:
                break
            time.sleep(0.1)
        return found

    def _leftovers(self) -> dict[str, list[str]]:
        records = list(self.state.glob("*/runs/*.json"))
        waiting = {Path(group).name for each in records for group in read_groups(each)}
        open_now = len(os.listdir(f"/proc/{self.runner.pid}/fd"))  # noqa: PTH208
        return {
            "processes": find_processes(self.facts["MARK"]),
            "records": [str(each) for each in records[_WARM:]],
            "groups": [g for g in self.group.left() if Path(g).name not in waiting],
            "mounts": sorted(read_mounts(self.state) - self.mounts),
            "descriptors": [str(open_now)] if open_now > self.descriptors else [],
        }

    def settle(self) -> None:
        """Take down what there is before the first program."""
        ends = time.monotonic() + _START_SECONDS
        while len(list(self.state.glob("*/runs/*.json"))) < _WARM:
            assert time.monotonic() < ends, "no sandbox waits"
            time.sleep(0.05)
        time.sleep(0.2)
        self.mounts = read_mounts(self.state)
        self.descriptors = len(os.listdir(f"/proc/{self.runner.pid}/fd"))  # noqa: PTH208


def read_groups(record: Path) -> list[str]:
    """Return the control groups a record names; one that just went names none."""
    try:
        groups: list[str] = json.loads(record.read_text() or "{}").get("groups", [])
    except FileNotFoundError:
        return []
    return groups


def find_processes(mark: str) -> list[str]:
    """Every process of this machine that was started with `mark`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if mark.encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
    return found


def read_mounts(below: Path) -> set[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return {line.split()[4] for line in lines if str(below) in line}


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    """Runner and web, with a secret file, an open port and sockets of the machine."""
    with ExitStack() as stack:
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = f"interviewlm-test-{uuid4().hex}"
        for name in (str(folder / "machine"), f"\0{abstract}"):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(name)
            listener.listen()
        secret, canary = secrets.token_hex(16), secrets.token_hex(16)
        private = folder / "private"
        private.mkdir()
        (private / "secret.txt").write_text(secret)
        group = stack.enter_context(suite_group())
        runner = stack.enter_context(_runner(folder, canary, group))
        health = stack.enter_context(_health(folder, stack.enter_context(_web(folder))))
        facts = {
            "SECRET_FILE": str(private / "secret.txt"),
            "SECRET_FOLDER": str(private),
            "SECRET": secret,
            "STATE": str(folder / "state"),
            "PROJECT": str(ROOT),
            "RUNNER": str(runner.pid),
            "PORT": str(port.getsockname()[1]),
            "SOCKET": str(folder / "machine"),
            "ABSTRACT": abstract,
            "MARK": f"HOSTILE_{uuid4().hex.upper()}",
        }
        stage = Stage(
            socket=folder / "s",
            state=folder / "state",
            runner=runner,
            group=group,
            facts=facts,
            secrets=(secret, canary),
            health=health,
        )
        stage.settle()
        yield stage


@contextmanager
def _runner(
    folder: Path, canary: str, group: SuiteGroup
) -> Iterator["subprocess.Popen[bytes]"]:
    procs = " ".join(f"{path}/cgroup.procs" for path in group.paths.values())
    join = 'for f in $1; do echo $$ >"$f" || exit 1; done; shift; exec "$@"'
    command = ["/bin/sh", "-c", join, "sh", procs, sys.executable, "-m", "runner"]
    command += ["serve", "--no-require-hard-limits", "--socket", str(folder / "s")]
    command += ["--state-dir", str(folder / "state"), "--places", "4"]
    command += ["--warm", str(_WARM), "--warm-homes", "0"]
    env = os.environ | {"DJANGO_SECRET_KEY": canary}
    with (
        (folder / "runner.log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=env, stderr=log) as process,
    ):
        try:
            _wait(process, (folder / "s").is_socket)
            yield process
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def _web(folder: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "web", "--port", str(port)]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    with (
        (folder / "web.log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log) as process,
    ):
        try:
            _wait(process, lambda: _answers(port))
            yield port
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def _health(folder: Path, port: int) -> Iterator[Path]:
    path = folder / "health"
    with (
        path.open("wb") as file,
        subprocess.Popen(
            [sys.executable, "-c", _PROBE, str(port)], stdout=file
        ) as process,
    ):
        try:
            yield path
        finally:
            process.kill()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(process: "subprocess.Popen[bytes]", is_ready: Callable[[], bool]) -> None:
    ends = time.monotonic() + _START_SECONDS
    while not is_ready():
        assert process.poll() is None, "a process of the stage did not start"
        assert time.monotonic() < ends, "a process of the stage is not ready"
        time.sleep(0.05)
