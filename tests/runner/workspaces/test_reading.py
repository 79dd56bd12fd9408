"""What is read of a workspace is of that workspace, whatever a program does meanwhile."""

import os
import socket
import time
from pathlib import Path

import pytest

from runner.protocol import FileChange
from runner.workspaces.bounds import FILE_BYTES, READ_BYTES
from runner.workspaces.files import hash_bytes
from tests.runner.workspaces.conftest import Ground, names_in

CANARY = b"a secret of the machine"

# Exchanges a file, and the folder it is in, for links to a secret, as fast as it can.
SWAPPER = """
import os, sys, time
from contextlib import suppress
secret, ends = sys.argv[1], time.monotonic() + float(sys.argv[2])
places = {"task/file": secret, "task/in": os.path.dirname(secret)}
while time.monotonic() < ends:
    for name, target in places.items():
        os.symlink(target, "link")
        with suppress(OSError):
            os.rename(name, "old")
            os.rename("link", name)
            os.unlink(name)
        with suppress(OSError):
            os.rename("old", name)
        with suppress(OSError):
            os.unlink("link")
"""


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file outside that every account could read if it could reach it."""
    folder = tmp_path / "outside"
    folder.mkdir()
    path = folder / "file"
    path.write_bytes(CANARY)
    return path


def test_links_are_shown_and_never_followed(any_ground: Ground, secret: Path) -> None:
    any_ground.put("task/a", b"a")
    any_ground.path("task/file").symlink_to(secret)
    any_ground.path("task/folder").symlink_to(secret.parent)
    any_ground.path("task/self").symlink_to("/proc/self/environ")
    any_ground.path("task/inner").symlink_to("a")
    any_ground.path("task/loop").symlink_to("loop")

    entries = any_ground.entries({"task/folder/file": hash_bytes(CANARY)})
    read = any_ground.read(*entries, "task/folder/file")

    kinds = {path: entry.kind for path, entry in entries.items()}
    assert kinds == {
        "task/a": "text",
        "task/file": "link",
        "task/folder": "link",
        "task/folder/file": "gone",
        "task/inner": "link",
        "task/loop": "link",
        "task/self": "link",
    }
    assert read == {"task/a": b"a"}


def test_folder_at_the_top_that_is_a_link_is_not_entered(
    ground: Ground, secret: Path
) -> None:
    ground.path("task").symlink_to(secret.parent)

    assert ground.scan().entries == ()
    assert ground.read("task/file") == {}
    assert not ground.write("task/file", b"new", CANARY)
    assert not ground.write("task/other", b"new", None)
    assert secret.read_bytes() == CANARY
    assert names_in(secret.parent) == ["file"]


def test_race_of_links_leaks_nothing_and_changes_nothing_outside(
    any_ground: Ground, secret: Path
) -> None:
    any_ground.put("task/file", b"harmless")
    any_ground.put("task/in/file", b"harmless")
    any_ground.hand_over()
    any_ground.is_quiet = False
    seen: set[bytes] = set()
    looks = 0
    with any_ground.start(SWAPPER, str(secret), "2") as swapper:
        while swapper.poll() is None:
            looks += 1
            seen.update(any_ground.read("task/file", "task/in/file").values())
            scan = any_ground.scan({"task/in/file": hash_bytes(CANARY)})
            assert hash_bytes(CANARY) not in {entry.hash for entry in scan.entries}
            any_ground.write("task/in/file", b"harmless too", b"harmless")
            any_ground.write("task/in/file", b"harmless", b"harmless too")
            any_ground.write("task/in/file", b"mine", CANARY)
            any_ground.write("task/in/more", b"mine", None)
            any_ground.write("task/in/more", None, b"mine")

    assert looks > 50
    assert seen <= {b"harmless", b"harmless too"}
    assert seen
    assert secret.read_bytes() == CANARY
    assert names_in(secret.parent) == ["file"]


def test_what_is_no_file_is_neither_waited_for_nor_read(ground: Ground) -> None:
    ground.path("task/folder").mkdir(parents=True)
    os.mkfifo(ground.path("task/pipe"))
    listener = socket.socket(socket.AF_UNIX)
    folder = os.open(ground.path("task"), os.O_PATH)
    listener.bind(f"/proc/self/fd/{folder}/socket")
    os.close(folder)

    began = time.monotonic()
    entries = ground.entries()
    read = ground.read("task/pipe", "task/socket", "task/folder", "task/none")
    written = ground.write("task/pipe", b"x", None)
    deleted = ground.write("task/socket", None, None)
    listener.close()

    assert {path: each.kind for path, each in entries.items()} == {
        "task/pipe": "special",
        "task/socket": "special",
    }
    assert read == {}
    assert (written, deleted) == (False, True)
    assert not ground.path("task/socket").exists()
    assert time.monotonic() - began < 2


def test_hard_link_is_read_as_the_file_it_is(ground: Ground) -> None:
    ground.put("task/a", b"same")
    os.link(ground.path("task/a"), ground.path("task/b"))

    assert ground.read("task/a", "task/b") == {"task/a": b"same", "task/b": b"same"}
    assert ground.write("task/a", b"other", b"same")
    assert ground.read("task/a", "task/b") == {"task/a": b"other", "task/b": b"same"}


def test_size_a_file_claims_is_not_believed(ground: Ground) -> None:
    ground.put("task/sparse", b"")
    os.truncate(ground.path("task/sparse"), 1 << 40)

    assert ground.entries()["task/sparse"].kind == "large"
    assert ground.read("task/sparse") == {}
    assert not ground.write("task/sparse", b"x", b"")


def test_reply_is_filled_and_the_rest_is_named(ground: Ground) -> None:
    ground.put("task/0", b"x" * FILE_BYTES)
    ground.put("task/1", b"y" * FILE_BYTES)
    ground.put("task/2", b"z")
    assert READ_BYTES == 2 * FILE_BYTES

    assert list(ground.read("task/0", "task/1", "task/2")) == ["task/0", "task/1"]


def test_written_file_is_given_to_the_account_with_plain_rights(
    any_ground: Ground,
) -> None:
    with any_ground.writer() as writer:
        for path, data in {
            "task/deep/er/a.txt": b"text",
            "task/run.sh": b"#!/bin/sh\n",
        }.items():
            assert writer.apply(FileChange(path, data, ""))

    found = {
        path: any_ground.path(path).stat()
        for path in ("task", "task/deep/er", "task/deep/er/a.txt", "task/run.sh")
    }
    assert {path: oct(each.st_mode & 0o7777) for path, each in found.items()} == {
        "task": "0o755",
        "task/deep/er": "0o755",
        "task/deep/er/a.txt": "0o644",
        "task/run.sh": "0o755",
    }
    assert {each.st_uid for each in found.values()} == {any_ground.disk.uid}
    assert {each.st_gid for each in found.values()} == {
        any_ground.disk.uid if os.geteuid() == 0 else os.getegid()
    }
