"""Files and folders: moved, deleted and brought back, with their histories."""

import pytest
from pytest_django.fixtures import Settings

from interviews.enums import FileKind, Origin
from interviews.errors import InterviewEndedError
from interviews.models import WorkspaceLease
from interviews.selectors.origins import read_text_runs
from interviews.selectors.workspace import list_updates_since
from interviews.services import workspace_files
from interviews.services.files import delete_file, rename_file
from interviews.services.lifecycle import finish_interview
from interviews.services.workspace_files import drop_file, keep_file, read_contents
from interviews.workspace.changes import apply_changes
from interviews.workspace.errors import (
    BadPathError,
    MissingError,
    NotKeptError,
    PathTakenError,
    WorkspaceFullError,
)
from interviews.workspace.mirror import ERASED
from tests.interviews.workspace.filebench import BINARY, Bench


def test_folder_moves_with_everything_in_it(bench: Bench) -> None:
    bench.create("lib/a.py", "a")
    bench.create("lib/deep/b.py", "b")
    bench.create("library.py", "not in it")
    bench.upload("lib/data.bin", BINARY)

    change = bench.rename("lib", "src/lib")

    assert bench.paths() == [
        "library.py",
        "src/lib/a.py",
        "src/lib/data.bin",
        "src/lib/deep/b.py",
    ]
    assert dict(change.moves) == {
        bench.full("lib/a.py"): bench.full("src/lib/a.py"),
        bench.full("lib/deep/b.py"): bench.full("src/lib/deep/b.py"),
        bench.full("lib/data.bin"): bench.full("src/lib/data.bin"),
    }
    assert bench.kinds()[-4:].count("file.renamed") == 2
    assert bench.kinds()[-4] == "folder.renamed"
    assert read_contents(bench.interview.pk, [bench.full("src/lib/data.bin")]) == {
        bench.full("src/lib/data.bin"): BINARY
    }


def test_folder_takes_the_place_of_the_one_it_is_in(bench: Bench) -> None:
    bench.create("a/b/f.py", "outer")
    bench.create("a/b/b/f.py", "inner")

    bench.rename("a/b", "a")

    assert bench.paths() == ["a/b/f.py", "a/f.py"]
    assert bench.document("a/f.py").text == "outer"
    assert bench.document("a/b/f.py").text == "inner"


@pytest.mark.parametrize(
    ("path", "to", "error"),
    [
        ("lib", "lib/inner", BadPathError),
        ("lib", "taken", PathTakenError),
        ("lib", "Taken", PathTakenError),
        ("lib", "solution.py", PathTakenError),
        ("lib", "solution.py/lib", PathTakenError),
        ("lib", "/".join("x" * 15), BadPathError),
        ("lib", "../lib", BadPathError),
        ("lib", "x" * 230, BadPathError),
        ("li", "other", MissingError),
        ("lib/a.py", "TAKEN/a.py", PathTakenError),
    ],
)
def test_move_that_cannot_be_changes_nothing(
    bench: Bench, path: str, to: str, error: type[Exception]
) -> None:
    for name in ("lib/a.py", "taken/b.py", "solution.py"):
        bench.create(name)
    before = bench.paths()

    with pytest.raises(error):
        bench.rename(path, to)
    assert bench.paths() == before


def test_folder_changes_the_case_of_its_name(bench: Bench) -> None:
    bench.create("lib/a.py")
    bench.create("lib/b.py")

    bench.rename("lib", "Lib")

    assert bench.paths() == ["Lib/a.py", "Lib/b.py"]


def test_folder_of_a_problem_stays(bench: Bench) -> None:
    bench.create("a.py")
    pk, folder = bench.interview.pk, bench.folder

    with pytest.raises(BadPathError):
        delete_file(pk, path=folder, client_id="delete")
    with pytest.raises(BadPathError):
        rename_file(pk, path=folder, to=f"{folder}/inner", client_id="rename")
    assert bench.paths() == ["a.py"]


def test_deleted_file_comes_back_with_its_history(bench: Bench) -> None:
    bench.create("lane.py")
    bench.write("lane.py", "x = 1\n")
    number, runs = bench.document("lane.py").pk, _runs(bench, "lane.py")

    deletion = bench.delete("lane.py")
    bench.create("lane.py", "another file of this name")
    bench.delete("lane.py")
    bench.restore(deletion)
    bench.write("lane.py", "x = 1\ny = 2\n")

    document = bench.document("lane.py")
    assert (document.pk, document.version) == (number, 2)
    assert _runs(bench, "lane.py")[0] == (6, "typed", runs[0][2])
    text = ""
    for update in list_updates_since(document, 0):
        text = apply_changes(text, update["changes"])
    assert text == document.text


def _runs(bench: Bench, path: str) -> list[tuple[int, str, int]]:
    runs = read_text_runs(bench.interview, bench.full(path))
    return [(run.length, run.origin.value, run.event) for run in runs]


def test_deleted_folder_comes_back_whole(bench: Bench) -> None:
    bench.create("lib/a.py", "a")
    bench.upload("lib/deep/data.bin", BINARY)
    bench.create("rest.py")

    deletion = bench.delete("lib")
    assert bench.paths() == ["rest.py"]
    change = bench.restore(deletion)

    assert change.path == bench.full("lib")
    assert bench.paths() == ["lib/a.py", "lib/deep/data.bin", "rest.py"]
    assert bench.document("lib/a.py").text == "a"
    assert bench.contents() == [BINARY]


def test_deletion_is_undone_once(bench: Bench) -> None:
    bench.create("a.py")
    bench.upload("b.bin", BINARY)
    deletions = [bench.delete("a.py"), bench.delete("b.bin")]
    for deletion in deletions:
        bench.restore(deletion)
    bench.rename("a.py", "moved.py")
    bench.rename("b.bin", "moved.bin")

    for deletion in deletions:
        with pytest.raises(MissingError):
            bench.restore(deletion)
    assert bench.paths() == ["moved.bin", "moved.py"]


def test_undo_finds_its_place_taken(bench: Bench) -> None:
    bench.create("a.py", "first")
    deletion = bench.delete("a.py")
    bench.create("A.py", "second")

    with pytest.raises(PathTakenError):
        bench.restore(deletion)
    bench.rename("A.py", "b.py")
    bench.restore(deletion)
    assert bench.document("a.py").text == "first"


@pytest.mark.parametrize(
    ("limit", "value"),
    [("workspace_documents", 1), ("workspace_bytes", 7), ("workspace_entries", 3)],
)
def test_undo_without_room_is_refused(
    bench: Bench, settings: Settings, limit: str, value: int
) -> None:
    bench.create("a.py", "first")
    deletion = bench.delete("a.py")
    bench.create("b.py", "more")
    settings.LIMITS = {**settings.LIMITS, limit: value}
    if limit == "workspace_entries":
        bench.delete("b.py")
        settings.LIMITS[limit] = 1

    with pytest.raises(WorkspaceFullError):
        bench.restore(deletion)


@pytest.mark.parametrize("deletion", ["never", "act-1"])
def test_undo_of_what_was_no_deletion_is_refused(bench: Bench, deletion: str) -> None:
    bench.create("a.py")

    with pytest.raises(MissingError):
        bench.restore(deletion)


def test_undo_of_another_interviews_deletion_is_refused(
    bench: Bench, other_bench: Bench
) -> None:
    other_bench.create("secret.py", "secret")
    deletion = other_bench.delete("secret.py")

    with pytest.raises(MissingError):
        bench.restore(deletion)
    assert bench.paths() == []


def test_contents_beyond_the_most_kept_go_for_good(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace_files, "MOST_DELETED_BYTES", 2 * len(BINARY))
    deletions = []
    for number in range(3):
        bench.upload(f"{number}.bin", BINARY)
        deletions.append(bench.delete(f"{number}.bin"))

    assert len(bench.contents()) == 2
    with pytest.raises(MissingError):
        bench.restore(deletions[0])
    bench.restore(deletions[1])
    assert bench.paths() == ["1.bin"]


def test_content_brought_back_stays_when_older_ones_go(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace_files, "MOST_DELETED_BYTES", len(BINARY))
    bench.upload("kept.bin", BINARY)
    bench.restore(bench.delete("kept.bin"))
    for number in range(3):
        bench.upload(f"{number}.bin", BINARY)
        bench.delete(f"{number}.bin")

    path = bench.full("kept.bin")
    assert read_contents(bench.interview.pk, [path]) == {path: BINARY}


def test_command_replaces_and_removes_contents_for_good(bench: Bench) -> None:
    path = bench.full("data.db")
    for data in (b"\x00one", b"\x00two"):
        keep_file(
            bench.interview,
            path,
            FileKind.BINARY,
            data,
            size=len(data),
            hash="",
            origin=Origin.SYSTEM,
        )
    assert bench.contents() == [b"\x00two"]

    drop_file(bench.interview, path)
    drop_file(bench.interview, path)
    assert bench.contents() == []
    assert bench.paths() == []
    assert bench.kinds() == ["other_file.kept"] * 2 + ["other_file.dropped"]


def keep_link(bench: Bench, path: str) -> None:
    keep_file(
        bench.interview,
        bench.full(path),
        FileKind.LINK,
        None,
        size=3,
        hash="",
        origin=Origin.SYSTEM,
    )


@pytest.mark.parametrize("path", ["lib/link", "lib"])
def test_only_a_command_moves_a_file_without_content(bench: Bench, path: str) -> None:
    bench.create("lib/a.py")
    keep_link(bench, "lib/link")

    with pytest.raises(NotKeptError):
        bench.rename(path, "elsewhere")
    assert bench.paths() == ["lib/a.py", "lib/link"]


def test_file_without_content_is_deleted_for_good(bench: Bench) -> None:
    keep_link(bench, "link")
    keep_link(bench, "other")
    lease = WorkspaceLease.objects.create(
        interview=bench.interview, runner="unix:here", taken={"a": ["", "b"]}
    )

    deletion = bench.delete("link")

    assert bench.paths() == ["other"]
    lease.refresh_from_db()
    assert lease.taken == {"a": ["", "b"], bench.full("link"): ["", ERASED]}
    with pytest.raises(MissingError):
        bench.restore(deletion)
    assert delete_file(
        bench.interview.pk, path=bench.full("link"), client_id=deletion
    ).is_repeat


def test_folder_comes_back_without_what_had_no_content(bench: Bench) -> None:
    bench.create("lib/a.py", "a")
    bench.upload("lib/data.bin", BINARY)
    keep_link(bench, "lib/link")
    keep_link(bench, "elsewhere")

    deletion = bench.delete("lib")
    assert bench.paths() == ["elsewhere"]

    bench.restore(deletion)
    assert bench.paths() == ["elsewhere", "lib/a.py", "lib/data.bin"]
    assert bench.document("lib/a.py").text == "a"


def test_entries_count_folders_too(bench: Bench, settings: Settings) -> None:
    # The folder of the problem, a.py, x, x/y and x/y/b.py.
    settings.LIMITS = {**settings.LIMITS, "workspace_entries": 5}
    bench.create("a.py")
    bench.create("x/y/b.py")

    with pytest.raises(WorkspaceFullError):
        bench.create("c.py")
    with pytest.raises(WorkspaceFullError):
        bench.rename("a.py", "new/a.py")
    bench.rename("x/y/b.py", "b.py")
    bench.create("c.py")


def test_kept_files_count_for_what_may_be_typed(
    bench: Bench, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "workspace_bytes": 10}
    bench.create("a.py", "123")
    bench.upload("b.bin", BINARY)

    with pytest.raises(WorkspaceFullError):
        bench.write("a.py", "1234")
    bench.write("a.py", "12")


def test_nothing_moves_after_the_end(bench: Bench) -> None:
    bench.create("a.py")
    deletion = bench.delete("a.py")
    bench.create("b.py")
    finish_interview(bench.interview.pk)

    for act in (
        lambda: bench.rename("b.py", "c.py"),
        lambda: bench.delete("b.py"),
        lambda: bench.restore(deletion),
        lambda: bench.upload("d.bin", BINARY),
    ):
        with pytest.raises(InterviewEndedError):
            act()
    assert bench.paths() == ["b.py"]
