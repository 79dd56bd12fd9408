"""Compare and swap: nothing is overwritten unseen, and nothing written vanishes."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from runner import openat2
from runner.workspaces import writing
from runner.workspaces.bounds import FILE_BYTES
from runner.workspaces.files import hash_bytes
from tests.runner.workspaces.conftest import Ground, names_in

NOTHING = None


@pytest.mark.parametrize(
    ("there", "data", "expected", "is_done", "left"),
    [
        (NOTHING, b"new", NOTHING, True, b"new"),
        (b"old", b"new", b"old", True, b"new"),
        (b"old", NOTHING, b"old", True, NOTHING),
        (b"new", b"new", b"old", True, b"new"),
        (NOTHING, NOTHING, b"old", True, NOTHING),
        (NOTHING, NOTHING, NOTHING, True, NOTHING),
        (b"theirs", b"new", b"old", False, b"theirs"),
        (b"theirs", b"new", NOTHING, False, b"theirs"),
        (NOTHING, b"new", b"old", False, NOTHING),
        (b"theirs", NOTHING, b"old", False, b"theirs"),
        (b"theirs", NOTHING, NOTHING, False, b"theirs"),
        (b"", b"new", NOTHING, False, b""),
        (b"", b"new", b"", True, b"new"),
    ],
    ids=[
        *("create", "replace", "delete", "there already", "gone already"),
        *("nothing", "changed", "made meanwhile", "deleted meanwhile"),
        *("changed before the deletion", "made before the deletion"),
        *("empty is not nothing", "empty is content"),
    ],
)
def test_change_happens_only_where_the_disk_is_as_expected(
    any_ground: Ground,
    there: bytes | None,
    data: bytes | None,
    expected: bytes | None,
    is_done: bool,
    left: bytes | None,
) -> None:
    any_ground.path("task").mkdir()
    if there is not None:
        any_ground.put("task/a", there)

    assert any_ground.write("task/a", data, expected) is is_done

    assert any_ground.read("task/a") == ({} if left is None else {"task/a": left})
    assert names_in(any_ground.path("task")) == ([] if left is None else ["a"])
    assert any_ground.staged() == []


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.symlink_to("elsewhere"),
        lambda path: path.mkdir(),
        os.mkfifo,
        lambda path: path.parent.rmdir() or path.parent.write_bytes(b""),
    ],
    ids=["link", "folder", "pipe", "file for a folder"],
)
def test_what_is_in_the_way_is_a_conflict(
    ground: Ground, make: Callable[[Path], object]
) -> None:
    ground.path("task/in").mkdir(parents=True)
    make(ground.path("task/in/a"))
    before = ground.scan()

    assert not ground.write("task/in/a", b"new", None)
    assert not ground.write("task/in/a", b"new", b"old")

    assert ground.scan() == before
    assert ground.staged() == []


def make_large(path: Path) -> None:
    path.touch()
    os.truncate(path, FILE_BYTES + 1)


@pytest.mark.parametrize(
    "make",
    [lambda path: path.symlink_to("elsewhere"), os.mkfifo, make_large],
    ids=["link", "pipe", "large file"],
)
def test_what_has_no_hash_is_deleted_where_none_is_expected(
    ground: Ground, make: Callable[[Path], object]
) -> None:
    ground.path("task/in").mkdir(parents=True)
    make(ground.path("task/in/a"))

    assert ground.write("task/in/a", None, b"old") is False
    assert ground.write("task/in/a", None, None)

    assert names_in(ground.path("task")) == []
    assert ground.staged() == []
    assert ground.write("task/in/a", None, None)


def test_content_put_in_the_place_of_what_has_no_hash_is_not_deleted(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.path("task").mkdir()
    ground.path("task/a").symlink_to("elsewhere")

    moves = iter([True, False])

    def move_late(parent: int, name: str, to: int, new: str) -> None:
        if next(moves):
            ground.path("task/a").unlink()
            ground.put("task/a", b"theirs")
        openat2.move_new(parent, name, to, new)

    monkeypatch.setattr(writing, "move_new", move_late)

    assert ground.write("task/a", None, None) is False
    assert ground.read("task/a") == {"task/a": b"theirs"}
    assert ground.staged() == []


def test_rights_to_execute_stay(ground: Ground) -> None:
    ground.put("task/a", b"old")
    ground.path("task/a").chmod(0o755)

    assert ground.write("task/a", b"new", b"old")

    assert ground.path("task/a").stat().st_mode & 0o777 == 0o755


def test_deletion_takes_empty_folders_along_but_not_those_at_the_top(
    ground: Ground,
) -> None:
    ground.put("task/in/deep/a", b"a")
    ground.put("task/in/b", b"b")

    assert ground.write("task/in/deep/a", None, b"a")
    assert names_in(ground.path("task/in")) == ["b"]
    assert ground.write("task/in/b", None, b"b")
    assert names_in(ground.disk.home) == ["task"]
    assert ground.write("task/in", b"a file now", None)


def test_full_disk_is_told_and_changes_nothing(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> int:
        raise OSError(28, "No space left on device")

    ground.put("task/a", b"old")
    monkeypatch.setattr("os.write", refuse)
    with pytest.raises(writing.DiskFullError):
        ground.write("task/a", b"new", b"old")
    monkeypatch.undo()

    assert ground.read("task/a") == {"task/a": b"old"}
    assert ground.staged() == []


def test_program_that_holds_the_old_file_open_loses_nothing(ground: Ground) -> None:
    ground.put("task/log", b"one\n")
    ground.is_quiet = False
    with ground.path("task/log").open("ab", buffering=0) as late:
        assert ground.write("task/log", b"edited\n", b"one\n")
        late.write(b"two\n")
        assert set(ground.entries()) == {"task/log"}
    ground.is_quiet = True
    with ground.writer():
        pass

    assert ground.read("task/log", "task/log.kept-1") == {
        "task/log": b"edited\n",
        "task/log.kept-1": b"one\ntwo\n",
    }
    assert ground.staged() == []


def test_program_that_holds_a_deleted_file_open_loses_nothing(ground: Ground) -> None:
    ground.put("task/in/log", b"one\n")
    ground.is_quiet = False
    with ground.path("task/in/log").open("ab", buffering=0) as late:
        assert ground.write("task/in/log", None, b"one\n")
        late.write(b"two\n")
    ground.is_quiet = True
    with ground.writer():
        pass

    assert ground.read("task/log.kept-1") == {"task/log.kept-1": b"one\ntwo\n"}


class Meanwhile:
    """Lets programs be faster: each step of the writer that swaps is preceded by one of
    theirs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], object]):
        self._steps = list(steps)

        def exchange(*arguments: object) -> None:
            if self._steps:
                self._steps.pop(0)()
            openat2.exchange(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr("runner.workspaces.writing.exchange", exchange)


@pytest.mark.parametrize("is_in_place", [True, False], ids=["in place", "exchanged"])
def test_write_between_look_and_swap_is_put_back(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, is_in_place: bool
) -> None:
    ground.put("task/a", b"old")

    def theirs() -> None:
        if not is_in_place:
            ground.path("task/a").unlink()
        ground.put("task/a", b"theirs")

    Meanwhile(monkeypatch, theirs)

    assert not ground.write("task/a", b"ours", b"old")
    assert ground.entries() == {"task/a": ground.entries()["task/a"]}
    assert ground.read("task/a") == {"task/a": b"theirs"}
    assert ground.staged() == []


def test_two_writes_around_the_swap_are_both_kept(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.put("task/a", b"old")
    Meanwhile(
        monkeypatch,
        lambda: ground.put("task/a", b"first"),
        lambda: ground.put("task/a", b"second"),
    )

    assert not ground.write("task/a", b"ours", b"old")
    assert ground.read("task/a", "task/a.kept-1") == {
        "task/a": b"second",
        "task/a.kept-1": b"first",
    }


def test_deletion_around_the_swap_brings_the_program_its_file_back(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.put("task/a", b"old")
    Meanwhile(
        monkeypatch,
        lambda: ground.put("task/a", b"first"),
        ground.path("task/a").unlink,
    )

    assert not ground.write("task/a", b"ours", b"old")
    assert ground.read("task/a") == {"task/a": b"first"}


def test_deletion_between_look_and_swap_is_a_conflict(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.put("task/a", b"old")
    Meanwhile(monkeypatch, ground.path("task/a").unlink)

    assert not ground.write("task/a", b"ours", b"old")
    assert ground.entries() == {}
    assert ground.staged() == []


APPENDER = """
import os
for number in range({times}):
    fd = os.open("task/a", os.O_WRONLY | os.O_APPEND)
    os.write(fd, b"<%d>" % number)
    os.close(fd)
"""
REPLACER = """
import os
for number in range({times}):
    with open("task/a", "rb") as file:
        data = file.read()
    with open("new", "wb") as file:
        file.write(data + b"<%d>" % number)
    os.rename("new", "task/a")
"""


@pytest.mark.parametrize(
    ("program", "times"),
    [(APPENDER, 20_000), (REPLACER, 1_500)],
    ids=["appends in place", "replaces the file"],
)
def test_race_with_a_program_loses_no_write_of_its(
    any_ground: Ground, program: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every word the program wrote is in the file, beside it, or in a content that the
    client had read."""
    monkeypatch.setattr("runner.workspaces.replaced._MAX_FILES", 10**6)
    monkeypatch.setattr("runner.workspaces.replaced._MAX_BYTES", 10**9)
    seen: set[bytes] = set()
    any_ground.put("task/a", b"")
    any_ground.hand_over()
    any_ground.is_quiet = False
    done = conflicts = 0
    with any_ground.start(program.format(times=times)) as racer:
        while racer.poll() is None:
            base = any_ground.read("task/a").get("task/a")
            if base is None:
                continue
            seen.add(base)
            if any_ground.write("task/a", base + b"w", base):
                done += 1
            else:
                conflicts += 1
    assert racer.returncode == 0
    any_ground.is_quiet = True
    with any_ground.writer():
        pass

    left = any_ground.read(*any_ground.entries()).values()
    words = {word for data in (*seen, *left) for word in re.findall(rb"<(\d+)>", data)}
    assert {int(word) for word in words} == set(range(times))
    assert done > 10
    assert any_ground.staged() == []


def test_bounds_of_what_is_watched_hold(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.workspaces.replaced._MAX_FILES", 3)
    ground.is_quiet = False
    ground.put("task/a", b"0")
    for number in range(10):
        assert ground.write("task/a", b"%d" % (number + 1), b"%d" % number)

    assert len(ground.staged()) == 3
    assert hash_bytes(b"10") == ground.entries()["task/a"].hash
