"""Disks of workspaces, and programs that work on them as a candidate's would."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.bwrap.uids import lease_uid
from runner.protocol import FileChange, WorkspaceEntry
from runner.workspaces.disks import Disk, Disks
from runner.workspaces.files import hash_bytes, read_files
from runner.workspaces.replaced import Replaced
from runner.workspaces.scanning import Scan, Scanner
from runner.workspaces.writing import Writer

IS_ROOT = os.geteuid() == 0


def refuse_to_mount(*_arguments: object, **_named: object) -> None:
    """What the kernel answers to who may not mount."""
    raise PermissionError


@dataclass
class Ground:
    """A disk without its workspace; `is_quiet` when no program can be alive."""

    disk: Disk
    is_quiet: bool = True
    replaced: Replaced = field(default_factory=Replaced)
    runs: int = 0

    def __post_init__(self) -> None:
        self.scanner = Scanner(lambda: self.runs if self.is_quiet else None)

    @property
    def account(self) -> dict[str, object]:
        """Arguments of `subprocess` that make a program the candidate's."""
        if not IS_ROOT:
            return {}
        return {"user": self.disk.uid, "group": self.disk.uid, "extra_groups": []}

    def start(self, script: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """A Python program in the home, under its account."""
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            ["/usr/bin/python3", "-c", script, *arguments],
            cwd=self.disk.home,
            stdout=subprocess.PIPE,
            **self.account,
        )

    def run(self, script: str) -> None:
        """The same to its end."""
        with self.start(script) as process:
            process.communicate(timeout=60)
        assert process.returncode == 0

    def hand_over(self) -> None:
        """What the test has made as root belongs to the account."""
        if IS_ROOT:
            owner = f"{self.disk.uid}:{self.disk.uid}"
            subprocess.run(["chown", "-hR", owner, self.disk.home], check=True)

    def path(self, path: str) -> Path:
        return self.disk.home / path

    def put(self, path: str, data: bytes) -> None:
        """As a program would; folders are made."""
        target = self.path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def scan(self, bases: Mapping[str, str] | None = None, *roots: str) -> Scan:
        with self.disk.open() as (home, _staging):
            return self.scanner.scan(home, roots or ("task",), bases or {})

    def entries(
        self, bases: Mapping[str, str] | None = None, *roots: str
    ) -> dict[str, WorkspaceEntry]:
        return {entry.path: entry for entry in self.scan(bases, *roots).entries}

    def read(self, *paths: str) -> dict[str, bytes]:
        with self.disk.open() as (home, _staging):
            return {item.path: item.data for item in read_files(home, paths)[0]}

    def write(self, path: str, data: bytes | None, expected: bytes | None) -> bool:
        """Compare and swap; False for a conflict."""
        change = FileChange(path, data, hash_bytes(expected))
        with self.writer() as writer:
            return writer.apply(change)

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        owner = self.disk.uid if IS_ROOT else None
        with self.disk.open() as (home, staging):
            yield Writer(home, staging, owner=owner, replaced=self.replaced)
            self.replaced.review(home, staging, is_quiet=self.is_quiet)

    def staged(self) -> list[str]:
        return names_in(self.disk.home.parent / "staging")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mounts_below(path: Path) -> list[str]:
    """Lines of this process's table of mounts."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if str(path) in line]


@contextmanager
def open_ground(state: Path) -> Iterator[Ground]:
    state.mkdir(mode=0o711)
    disks = Disks(state, is_root=IS_ROOT)
    disks.prepare()
    with lease_uid(is_root=IS_ROOT) as uid:
        disk = disks.create(uid)
        ground = Ground(disk)
        try:
            yield ground
        finally:
            ground.hand_over()
            disks.remove(disk)
            disks.close()


@pytest.fixture
def fast_path() -> Iterator[Path]:
    """A directory for trees of thousands of files, in memory where there is that."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """A disk as good as this machine allows."""
    with open_ground(tmp_path / "state") as each:
        yield each


@pytest.fixture
def plain_ground(fast_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """A disk as where mounting is not allowed."""
    monkeypatch.setattr("runner.workspaces.disks.mount_disk", refuse_to_mount)
    with open_ground(fast_path / "state") as each:
        yield each


@pytest.fixture(params=["as allowed", "without mounts"])
def any_ground(
    request: pytest.FixtureRequest, fast_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ground]:
    """Both, where this machine has both."""
    if request.param == "without mounts":
        monkeypatch.setattr("runner.workspaces.disks.mount_disk", refuse_to_mount)
    with open_ground(fast_path / "state") as each:
        yield each
