"""Files brought along: what becomes of them, and what is refused."""

import pytest
from pytest_django.fixtures import Settings

from interviews.enums import FileKind
from interviews.errors import InterviewError
from interviews.models import Event
from interviews.selectors.origins import read_origin_shares, read_text_runs
from interviews.selectors.workspace import list_updates_since
from interviews.services.workspace_files import read_contents
from interviews.workspace.changes import apply_changes
from interviews.workspace.errors import (
    BadFrameError,
    BadPathError,
    FileTooLargeError,
    PathTakenError,
    WorkspaceFullError,
)
from tests.interviews.workspace.filebench import BINARY, Bench


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"x = 1\r\ny = 2\r", "x = 1\ny = 2\n"),
        ("ä😀\ufeff".encode(), "ä😀\ufeff"),
        (b"", ""),
        (b"x" * 1_000_000, "x" * 1_000_000),
    ],
    ids=["line ends", "beyond the first plane", "empty", "largest"],
)
def test_text_becomes_a_document(bench: Bench, data: bytes, text: str) -> None:
    bench.upload("deep/brought.py", data)

    assert bench.document("deep/brought.py").text == text
    event = Event.objects.get(interview=bench.interview, kind="file.created")
    assert event.payload["source"] == "upload"
    runs = read_text_runs(bench.interview, bench.full("deep/brought.py"))
    assert {run.origin.value for run in runs} <= {"pasted_outside"}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (BINARY, FileKind.BINARY),
        (b"text with a zero\0", FileKind.BINARY),
        ("latin: ä".encode("latin-1"), FileKind.BINARY),
        (b"x" * 1_000_001, FileKind.LARGE),
        (b"\xff" * 8 * 1024 * 1024, FileKind.BINARY),
    ],
    ids=["binary", "zero", "another encoding", "large text", "largest"],
)
def test_everything_else_is_kept_as_it_is(
    bench: Bench, data: bytes, kind: FileKind
) -> None:
    bench.upload("brought", data)

    row = bench.other("brought")
    assert (row.kind, row.size, row.origin) == (kind, len(data), "candidate")
    assert read_contents(bench.interview.pk, [row.path]) == {row.path: data}
    assert row.content not in {"", row.path}


def test_text_beyond_the_most_documents_is_kept(
    bench: Bench, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "workspace_documents": 1}
    bench.upload("a.py", b"a")
    bench.upload("b.py", b"b")

    assert bench.document("a.py").text == "a"
    assert bench.other("b.py").kind == FileKind.UNTRACKED


def test_upload_sent_twice_is_stored_once(bench: Bench) -> None:
    for data in (b"text", BINARY):
        name = f"file-{len(data)}"
        first = bench.upload(name, data, client_id=name)
        again = bench.upload(name, data, client_id=name)
        assert (first.path, again.path) == (bench.full(name),) * 2
        assert (first.is_repeat, again.is_repeat) == (False, True)
    assert bench.kinds() == ["file.created", "other_file.kept"]


def test_id_of_something_else_is_refused(bench: Bench) -> None:
    bench.create("a.py")
    deletion = bench.delete("a.py")

    with pytest.raises(BadFrameError):
        bench.upload("b.py", b"b", client_id=deletion)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("solution.py", PathTakenError),
        ("Solution.PY", PathTakenError),
        ("lib", PathTakenError),
        ("LIB/b.py", PathTakenError),
        ("solution.py/b.py", PathTakenError),
        ("../up.py", BadPathError),
        ("a\u202egnp.py", BadPathError),
        ("a\x00.py", BadPathError),
        ("con\x07.py", BadPathError),
        ("a\\b.py", BadPathError),
        ("/etc/passwd", BadPathError),
        ("a" * 230, BadPathError),
        ("d/" * 16 + "a", BadPathError),
    ],
    ids=ascii,
)
def test_name_that_cannot_be_is_refused(
    bench: Bench, path: str, error: type[InterviewError]
) -> None:
    bench.create("solution.py")
    bench.create("lib/a.py")

    with pytest.raises(error):
        bench.upload(path, b"text")
    with pytest.raises(error):
        bench.upload(path, BINARY)
    assert bench.paths() == ["lib/a.py", "solution.py"]
    assert bench.contents() == []


def test_both_are_kept_under_names_that_are_free(bench: Bench) -> None:
    for name in ("lane.py", ".env", "Makefile", "lib/a.tar.gz"):
        bench.create(name)
    bench.create("lane_2.py")

    found = [
        bench.upload(name, b"new", "both").path.removeprefix(f"{bench.folder}/")
        for name in ("lane.py", ".env", "Makefile", "lib/a.tar.gz", "free.py")
    ]

    assert found == [
        "lane_3.py",
        ".env_2",
        "Makefile_2",
        "lib/a.tar_2.gz",
        "free.py",
    ]
    with pytest.raises(PathTakenError):
        bench.upload("lane.py/b.py", b"new", "both")


def test_text_is_replaced_as_an_edit(bench: Bench) -> None:
    bench.create("lane.py")
    bench.write("lane.py", "kept\nold\n")

    uploaded = bench.upload("lane.py", b"kept\nnew\n", "replace")

    document = bench.document("lane.py")
    assert document.text == "kept\nnew\n"
    stored = uploaded.stored
    assert stored is not None
    assert (stored.first, stored.version) == (1, document.version)
    origins = [
        (run.length, run.origin.value)
        for run in read_text_runs(bench.interview, document.path)
    ]
    assert origins[0] == (5, "typed")
    assert {origin for _length, origin in origins} == {"typed", "pasted_outside"}
    text = "kept\nold\n"
    for update in list_updates_since(document, 1):
        text = apply_changes(text, update["changes"])
    assert text == document.text


def test_large_replacement_travels_in_small_updates(bench: Bench) -> None:
    bench.create("lane.py", "a\n" * 1000)

    uploaded = bench.upload("lane.py", b"new line\n" * 100_000, "replace")

    assert uploaded.stored is not None
    sizes = [len(str(update.changes)) for update in uploaded.stored.updates]
    assert len(sizes) > 10
    assert max(sizes) < 200_000
    assert bench.document("lane.py").text == "new line\n" * 100_000


def test_same_text_again_changes_nothing(bench: Bench) -> None:
    bench.create("lane.py", "same")

    uploaded = bench.upload("lane.py", b"same", "replace")

    assert uploaded.stored is None
    assert bench.kinds() == ["file.created"]


def test_text_and_binary_take_each_others_place(bench: Bench) -> None:
    bench.create("data", "text")

    to_binary = bench.upload("data", BINARY, "replace")
    assert list(to_binary.removed) == [bench.full("data")]
    assert bench.other("data").kind == FileKind.BINARY
    bench.upload("data", BINARY + b"more", "replace")
    assert bench.contents() == [BINARY + b"more"]

    bench.upload("data", b"text again", "replace")
    assert bench.document("data").text == "text again"
    assert bench.paths() == ["data"]
    assert {share.origin.value for share in read_origin_shares(bench.interview)} == {
        "pasted_outside"
    }


@pytest.mark.parametrize(
    ("limit", "value", "error"),
    [
        ("kept_file_bytes", 6, FileTooLargeError),
        ("workspace_bytes", 8, WorkspaceFullError),
        ("workspace_entries", 2, WorkspaceFullError),
    ],
)
def test_limits_are_kept(
    bench: Bench,
    settings: Settings,
    limit: str,
    value: int,
    error: type[InterviewError],
) -> None:
    bench.create("a.py", "12")
    settings.LIMITS = {**settings.LIMITS, limit: value}

    for data in (b"1234567", BINARY):
        with pytest.raises(error):
            bench.upload("b", data)
    assert bench.paths() == ["a.py"]
    assert bench.contents() == []


def test_replacing_needs_room_for_the_difference_only(
    bench: Bench, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "workspace_bytes": 8}
    bench.upload("data", BINARY)

    bench.upload("data", BINARY[::-1], "replace")
    assert bench.other("data").size == len(BINARY)
