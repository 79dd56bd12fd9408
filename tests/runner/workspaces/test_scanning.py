"""A scan shows what is on the disk, of trees of any kind, and at a bounded price."""

import mmap
import os
import time
from pathlib import Path

import pytest

from runner.workspaces import scanning
from runner.workspaces.bounds import FILE_BYTES, MAX_ENTRIES, TEXT_BYTES
from runner.workspaces.files import hash_bytes, read_bounded
from tests.runner.workspaces.conftest import Ground

DEEP = """
import os
folder = os.open(".", os.O_PATH)
for name in ["task"] + ["d"] * {depth}:
    os.mkdir(name, dir_fd=folder)
    folder, before = os.open(name, os.O_PATH, dir_fd=folder), folder
    os.close(before)
"""
MANY = """
import os
os.makedirs("task/many")
for number in range(20_000):
    open(f"task/many/{number}", "w").close()
"""


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "text"),
        ("größe\r\n🦜".encode(), "text"),
        (b"x" * TEXT_BYTES, "text"),
        (b"x" * (TEXT_BYTES + 1), "binary"),
        (b"a\0b", "binary"),
        (b"\xff\xfe", "binary"),
        (b"\0" * FILE_BYTES, "binary"),
        (b"\0" * (FILE_BYTES + 1), "large"),
    ],
    ids=["empty", "text", "1 MB", "more", "NUL", "not UTF-8", "8 MiB", "above"],
)
def test_kind_follows_from_the_bytes(ground: Ground, data: bytes, kind: str) -> None:
    ground.put("task/a", data)

    (entry,) = ground.scan().entries

    assert (entry.kind, entry.size, entry.base) == (kind, len(data), "")
    assert entry.hash == ("" if kind == "large" else hash_bytes(data))


def test_only_the_roots_are_listed_and_every_base_is(ground: Ground) -> None:
    for path in ("task/a", "other/b", "known/c", "top", "task/venv/d", "task/.git/e"):
        ground.put(path, path.encode())
    bases = dict.fromkeys(("known/c", "task/gone", "task/venv/d", "x/y"), "0" * 64)

    entries = ground.entries(bases, "task", "missing")

    assert {path: (each.kind, each.base[:1]) for path, each in entries.items()} == {
        "known/c": ("text", "0"),
        "task/a": ("text", ""),
        "task/gone": ("gone", "0"),
        "task/venv/d": ("text", "0"),
        "x/y": ("gone", "0"),
    }


def test_agreed_path_that_is_a_folder_or_below_a_file_now_is_gone(
    ground: Ground,
) -> None:
    ground.put("task/a/new", b"")
    ground.put("task/b", b"")
    base = hash_bytes(b"old")

    entries = ground.entries({"task/a": base, "task/b/c": base})

    assert {path: each.kind for path, each in entries.items()} == {
        "task/a": "gone",
        "task/a/new": "text",
        "task/b": "text",
        "task/b/c": "gone",
    }


def test_names_that_no_text_can_hold_are_counted(ground: Ground) -> None:
    ground.put("task/fine ö", b"")
    for name in (b"line\nbreak", b"\xff", b"esc\x1b"):
        Path(os.fsdecode(bytes(ground.path("task")) + b"/" + name)).touch()
    ground.path("task/bad\n/below").mkdir(parents=True)

    scan = ground.scan()

    assert [entry.path for entry in scan.entries] == ["task/fine ö"]
    assert (scan.skipped, scan.is_truncated) == (4, False)


def test_names_that_differ_in_case_or_form_are_different_files(ground: Ground) -> None:
    names = ["task/A", "task/a", "task/\u00e9", "task/e\u0301"]
    for name in names:
        ground.put(name, name.encode())

    assert set(ground.entries()) == set(names)


def test_20_000_entries_are_cut_off_and_agreed_files_still_shown(
    plain_ground: Ground,
) -> None:
    plain_ground.run(MANY)
    plain_ground.put("task/z", b"known")
    base = hash_bytes(b"known")

    began = time.monotonic()
    scan = plain_ground.scan({"task/z": base, "task/many/no": base})

    assert time.monotonic() - began < 5
    assert scan.is_truncated
    assert len(scan.entries) <= MAX_ENTRIES + 2
    entries = {entry.path: entry for entry in scan.entries}
    assert entries["task/z"].hash == base
    assert entries["task/many/no"].kind == "gone"


def test_2_000_folders_below_one_another_are_survived(any_ground: Ground) -> None:
    any_ground.run(DEEP.format(depth=2_000))
    any_ground.put("task/a", b"")

    scan = any_ground.scan()

    assert [entry.path for entry in scan.entries] == ["task/a"]
    assert scan.skipped == 1


def test_scan_hashes_no_more_than_its_share_and_documents_first(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "HASH_BYTES", 3 * FILE_BYTES)
    for number in range(5):
        ground.put(f"task/a{number}", b"")
        os.truncate(ground.path(f"task/a{number}"), FILE_BYTES - number)
    ground.put("task/z", b"small")
    ground.put("task/y", b"x" * FILE_BYTES)
    wait_until_times_differ()

    first = ground.scan({"task/y": "1" * 64})
    second = ground.scan({"task/y": "1" * 64})

    assert [entry.path for entry in first.entries] == [
        *("task/a3", "task/a4", "task/y", "task/z")
    ]
    assert first.is_truncated
    assert len(second.entries) == 7
    assert not second.is_truncated


def wait_until_times_differ() -> None:
    """Files younger than this are hashed again, whatever their times say."""
    time.sleep(0.15)


class Counter:
    """Counts the bytes that scans read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.size = 0
        monkeypatch.setattr(scanning, "read_bounded", self._read)

    def _read(self, fd: int, limit: int) -> bytes | None:
        data = read_bounded(fd, limit)
        self.size += len(data or b"")
        return data

    def take(self) -> int:
        size, self.size = self.size, 0
        return size


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    return Counter(monkeypatch)


def test_unchanged_tree_costs_only_stats(ground: Ground, counter: Counter) -> None:
    for number in range(10):
        ground.put(f"task/{number}", b"12345")
    wait_until_times_differ()
    first = ground.scan()
    ground.put("task/5", b"54321")
    second = ground.scan()
    changed = counter.take()
    wait_until_times_differ()
    ground.scan()
    third = ground.scan()

    assert changed == 55
    assert counter.take() == 5
    assert {entry.hash for entry in first.entries} == {hash_bytes(b"12345")}
    assert second == third
    assert second != first


def test_write_within_one_tick_of_the_clock_is_seen(ground: Ground) -> None:
    ground.put("task/a", b"before")
    before = ground.path("task/a").stat()
    ground.scan()
    with ground.path("task/a").open("r+b") as file:
        file.write(b"behind")
    os.utime(ground.path("task/a"), ns=(before.st_atime_ns, before.st_mtime_ns))

    assert ground.entries()["task/a"].hash == hash_bytes(b"behind")


def test_write_through_mapped_memory_is_seen_once_nothing_runs(ground: Ground) -> None:
    ground.put("task/a", b"before")
    with (
        ground.path("task/a").open("r+b") as file,
        mmap.mmap(file.fileno(), 0) as memory,
    ):
        ground.is_quiet, ground.runs = False, 1
        memory[0:1] = b"B"
        wait_until_times_differ()
        assert ground.entries()["task/a"].hash == hash_bytes(b"Before")
        memory[0:6] = b"BEHIND"
        memory.flush()
    ground.is_quiet = True

    assert ground.entries()["task/a"].hash == hash_bytes(b"BEHIND")


def test_file_that_is_changed_back_and_forth_is_always_hashed_right(
    ground: Ground,
) -> None:
    ground.put("task/a", b"")
    for number in range(200):
        data = b"%d" % (number % 7)
        if number % 3:
            ground.put("task/a", data)
        else:
            ground.put("other", data)
            ground.path("other").rename(ground.path("task/a"))
        assert ground.entries()["task/a"].hash == hash_bytes(data)
