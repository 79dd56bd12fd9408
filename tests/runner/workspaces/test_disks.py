"""Disks of workspaces: their limits, their privacy, and that nothing of them stays."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.bwrap.uids import lease_uid
from runner.errors import SandboxUnavailableError
from runner.workspaces.bounds import DISK_BYTES, DISK_INODES
from runner.workspaces.disks import Disks, measure_usage
from tests.runner.workspaces.conftest import (
    IS_ROOT,
    Ground,
    mounts_below,
    names_in,
    open_ground,
    refuse_to_mount,
)
from tests.runner.workspaces.test_scanning import DEEP, MANY

FILL = """
import errno
try:
    for number in range(100):
        with open(f"big{number}", "wb") as file:
            file.write(bytes(1 << 20))
except OSError as error:
    assert error.errno == errno.ENOSPC
else:
    raise AssertionError
"""
SCATTER = """
import errno, os
try:
    for number in range(5000):
        os.close(os.open(f"{number}", os.O_CREAT))
except OSError as error:
    assert error.errno == errno.ENOSPC
else:
    raise AssertionError
"""
NASTY = """
import os
os.mkdir("locked")
open("locked/file", "w").close()
os.chmod("locked", 0)
os.mkdir("\\n")
os.symlink("/etc", "link")
os.mkfifo("pipe")
os.chmod(".", 0)
"""


@contextmanager
def make_disks(state: Path) -> Iterator[Disks]:
    state.mkdir(exist_ok=True, mode=0o711)
    disks = Disks(state, is_root=IS_ROOT)
    disks.prepare()
    yield disks
    disks.close()


@pytest.mark.skipif(not IS_ROOT, reason="only root may mount")
@pytest.mark.parametrize("program", [FILL, SCATTER], ids=["bytes", "files"])
def test_disk_of_level_hard_holds_no_more_than_it_may(
    ground: Ground, program: str
) -> None:
    assert ground.disk.level == "hard"

    ground.run(program)

    with ground.disk.open() as (home, _staging):
        size, entries = measure_usage(home)
    assert size <= DISK_BYTES
    assert entries <= DISK_INODES


@pytest.mark.parametrize(
    ("program", "is_size_over", "are_entries_over"),
    [
        ("open('a', 'wb').write(bytes(1 << 20))", False, False),
        (FILL.replace("else:\n    raise AssertionError", ""), True, False),
        (MANY, False, True),
        (DEEP.format(depth=2_500), False, True),
    ],
    ids=["little", "bytes", "files", "too deep to count"],
)
def test_plain_disk_is_measured(
    plain_ground: Ground, program: str, is_size_over: bool, are_entries_over: bool
) -> None:
    assert plain_ground.disk.level == "soft"

    plain_ground.run(program)

    with plain_ground.disk.open() as (home, _staging):
        size, entries = measure_usage(home)
    assert (size > DISK_BYTES, entries > DISK_INODES) == (
        is_size_over,
        are_entries_over,
    )


def test_only_its_account_gets_in(any_ground: Ground) -> None:
    disk = any_ground.disk
    home = disk.home.stat()
    assert (home.st_uid, home.st_mode & 0o777) == (disk.uid, 0o700)
    for folder in (disk.path, disk.path / "disk", disk.path.parent):
        found = folder.stat()
        assert (found.st_uid, found.st_mode & 0o777) == (os.geteuid(), 0o711)
    assert (disk.path / "disk" / "staging").stat().st_mode & 0o777 == 0o700
    assert disk.path.name not in str(disk.uid)


@pytest.mark.skipif(not IS_ROOT, reason="only root may mount")
def test_runner_sees_no_links_where_the_sandbox_has_them(ground: Ground) -> None:
    ground.put("task/a", b"found")
    ground.path("task/b").symlink_to("a")

    assert ground.path("task/b").read_bytes() == b"found"
    with pytest.raises(OSError, match="symbolic") as caught:
        (ground.disk.path / "view" / "home" / "task" / "b").read_bytes()

    assert caught.value.errno == errno.ELOOP
    (line,) = [each for each in mounts_below(ground.disk.path) if "/view " in each]
    assert {"nosuid", "nodev", "noexec"} <= set(line.split()[5].split(","))


@pytest.mark.parametrize("program", [NASTY, DEEP.format(depth=2_000), MANY])
@pytest.mark.parametrize("may_mount", [True, False], ids=["as allowed", "plain"])
def test_nothing_is_left_of_a_removed_workspace(
    fast_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, may_mount: bool
) -> None:
    if not may_mount:
        monkeypatch.setattr("runner.workspaces.disks.mount_disk", refuse_to_mount)
    with make_disks(fast_path / "state") as disks, lease_uid(is_root=IS_ROOT) as uid:
        disk = disks.create(uid)
        with Ground(disk).start(program) as process:
            process.communicate()
        disks.remove(disk)

        assert names_in(disk.path.parent) == ["lock"]
    assert not disk.path.parent.exists()
    assert mounts_below(disk.path.parent) == []


def test_next_runner_sweeps_what_a_killed_one_left(tmp_path: Path) -> None:
    state = tmp_path / "state"
    code = f"""
import os, sys
from pathlib import Path
from runner.workspaces.disks import Disks
disks = Disks(Path({str(state)!r}), is_root=os.geteuid() == 0)
disks.prepare()
disk = disks.create(61999 if os.geteuid() == 0 else os.geteuid())
(disk.home / "file").write_text("left")
os.chown(disk.home / "file", disk.uid, -1)
print(disk.path, flush=True)
os.kill(os.getpid(), 9)
"""
    state.mkdir(mode=0o711)
    died = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    left = Path(died.stdout.strip())
    assert (left / "disk" / "home" / "file").exists()

    with make_disks(state):
        assert not left.exists()
        assert mounts_below(left) == []
    assert not left.parent.exists()


@pytest.mark.skipif(not IS_ROOT, reason="only root needs another place")
def test_runner_sweeps_after_one_whose_state_directory_is_gone(tmp_path: Path) -> None:
    with open_ground(tmp_path / "one") as ground:
        base = ground.disk.path.parent
        assert tmp_path not in base.parents
        with make_disks(tmp_path / "other"):
            assert ground.disk.home.exists()
    base.mkdir(mode=0o711)
    (base / "left").mkdir()

    with make_disks(tmp_path / "other"):
        assert not base.exists()


def test_two_runners_do_not_share_a_place(tmp_path: Path) -> None:
    with make_disks(tmp_path / "state"):
        other = Disks(tmp_path / "state", is_root=IS_ROOT)
        with pytest.raises(SandboxUnavailableError):
            other.prepare()


def test_disk_that_cannot_swap_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr("runner.workspaces.disks.exchange", refuse)
    disks = Disks(tmp_path, is_root=IS_ROOT)
    with pytest.raises(SandboxUnavailableError):
        disks.prepare()
    disks.close()
