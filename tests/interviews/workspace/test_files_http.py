"""The candidate's files over HTTP: sent, downloaded, packed."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from interviews.enums import FileKind, Origin
from interviews.file_responses import ARCHIVES_PER_MINUTE
from interviews.models import Interview
from interviews.services.lifecycle import finish_interview
from interviews.services.workspace_files import keep_file
from tests.interviews.workspace.filebench import BINARY, Bench
from tests.interviews.workspace.test_files_pictures import PNG
from tests.interviews.workspace.windows import candidate_cookies, open_window

TOKEN = "t" * 64


@pytest.fixture
def candidate(interview: Interview) -> Client:
    """The candidate's browser, whose page knows the token."""
    client = Client(enforce_csrf_checks=True, headers={"X-CSRFToken": TOKEN})
    client.cookies.load({**candidate_cookies(interview), "csrftoken": TOKEN})
    return client


def send(client: Client, bench: Bench, name: str, data: bytes, /, **fields: str) -> Any:
    body: Mapping[str, Any] = {
        "id": "one",
        "path": bench.full(name),
        "file": SimpleUploadedFile("file", data),
        **fields,
    }
    return client.post(address(bench, "upload"), body)


def address(bench: Bench, name: str, path: str = "") -> str:
    found = reverse(f"interviews:interview-{name}", args=[bench.interview.pk])
    return f"{found}?path={quote(bench.full(path))}" if path else found


def test_upload_answers_with_the_line_of_the_tree(
    candidate: Client, bench: Bench
) -> None:
    text = send(candidate, bench, "a.py", b"a = 1\n").json()
    other = send(candidate, bench, "a.bin", BINARY, id="two").json()

    document = bench.document("a.py")
    assert text == {
        "path": document.path,
        "document": {
            "document": document.pk,
            "path": document.path,
            "version": 0,
            "hash": document.hash,
            "size": 6,
        },
        "file": None,
    }
    row = bench.other("a.bin")
    assert other["document"] is None
    assert other["file"] == {
        "path": row.path,
        "kind": "binary",
        "size": len(BINARY),
        "hash": row.hash,
    }


@pytest.mark.parametrize(
    ("fields", "data", "status", "code"),
    [
        ({"path": "elsewhere/a.py"}, b"a", 400, "bad_path"),
        ({"path": ""}, b"a", 400, "bad_frame"),
        ({"id": "no id"}, b"a", 400, "bad_frame"),
        ({"mode": "other"}, b"a", 400, "bad_frame"),
        ({"file": "no file"}, b"a", 400, "bad_frame"),
        ({}, b"a" * (8 * 1024 * 1024 + 1), 413, "file_too_large"),
        ({}, b"a" * (9 * 1024 * 1024), 413, "file_too_large"),
    ],
    ids=["path", "no path", "id", "mode", "no file", "too large", "far too large"],
)
def test_upload_that_cannot_be_is_refused_in_words(
    candidate: Client,
    bench: Bench,
    fields: dict[str, str],
    data: bytes,
    status: int,
    code: str,
) -> None:
    answer = send(candidate, bench, "a.py", data, **fields)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]
    assert bench.paths() == []


def test_upload_where_a_file_is_offers_both_ways(
    candidate: Client, bench: Bench
) -> None:
    bench.create("a.py", "old")

    refused = send(candidate, bench, "a.py", b"new")
    assert (refused.status_code, refused.json()["code"]) == (409, "exists")
    both = send(candidate, bench, "a.py", b"new", mode="both")
    assert both.json()["path"] == bench.full("a_2.py")
    send(candidate, bench, "a.py", b"new", mode="replace", id="two")
    assert bench.document("a.py").text == "new"


def test_upload_without_the_token_is_refused(candidate: Client, bench: Bench) -> None:
    candidate.cookies["csrftoken"] = "t" * 32 + "u" * 32

    answer = send(candidate, bench, "a.py", b"a")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert bench.paths() == []


def test_upload_after_the_end_is_refused(candidate: Client, bench: Bench) -> None:
    finish_interview(bench.interview.pk)

    answer = send(candidate, bench, "a.py", b"a")
    assert (answer.status_code, answer.json()["code"]) == (409, "interview_ended")


def test_upload_by_a_stranger_is_not_found(
    bench: Bench, other_bench: Bench, candidate: Client
) -> None:
    answer = send(candidate, other_bench, "a.py", b"a")

    assert answer.status_code == 404
    assert other_bench.paths() == []


@pytest.mark.parametrize("tab", ["", "tab-b-000"], ids=["unnamed", "another"])
async def test_upload_from_a_window_that_only_reads_is_refused(
    interview: Interview, candidate: Client, bench: Bench, tab: str
) -> None:
    upload = sync_to_async(send)
    async with open_window(interview, query="?tab=tab-a-000"):
        refused = await upload(candidate, bench, "a.py", b"a", tab=tab)
        stored = await upload(candidate, bench, "b.py", b"b", tab="tab-a-000")

    assert refused.json()["code"] == "read_only"
    assert stored.status_code == 200


async def test_every_window_hears_of_an_upload(
    interview: Interview, candidate: Client, bench: Bench
) -> None:
    async with open_window(interview) as window:
        path = bench.full("README.md")
        assert path in {entry["path"] for entry in window.hello["documents"]}
        await sync_to_async(send)(
            candidate, bench, "README.md", b"new\n", mode="replace"
        )
        updates = await window.until("document.updates", path=path)
        line = await window.until("file.changed", action="uploaded")
        await sync_to_async(send)(
            candidate, bench, "README.md", BINARY, mode="replace", id="two"
        )
        gone = await window.until("file.changed", action="uploaded")
        await sync_to_async(send)(candidate, bench, "README.md", BINARY, id="two")
        assert await window.is_quiet()

    assert updates["version"] == 0
    assert (line["document"]["version"], line["removed"]) == (1, [])
    assert "documents" not in line
    assert (gone["document"], gone["removed"]) == (None, [path])
    assert gone["file"]["kind"] == "binary"


async def test_first_frame_lists_other_files(
    interview: Interview, bench: Bench
) -> None:
    await sync_to_async(bench.upload)("data.bin", BINARY)
    await sync_to_async(keep_file)(
        interview,
        bench.full("link"),
        FileKind.LINK,
        None,
        size=4,
        hash="",
        origin=Origin.SYSTEM,
    )
    async with open_window(interview) as window:
        hello = window.hello

    row = await sync_to_async(bench.other)("data.bin")
    assert hello["files"] == [
        {"path": row.path, "kind": "binary", "size": len(BINARY), "hash": row.hash},
        {"path": bench.full("link"), "kind": "link", "size": 4, "hash": ""},
    ]
    assert hello["unlisted"] == 0


async def test_folder_is_deleted_and_brought_back_for_all(
    interview: Interview, bench: Bench
) -> None:
    async with open_window(interview) as window, open_window(interview) as other:
        tests = bench.full("tests")
        deleted = await window.ask("file.delete", path=tests, id="gone")
        restored = await window.ask("file.restore", deletion="gone")
        moved = await window.ask("file.rename", path=tests, to=bench.full("checks"))
        seen = [await other.until("file.changed") for _ in range(3)]

    path = bench.full("tests/test_solution.py")
    assert deleted["removed"] == [path]
    assert path in {entry["path"] for entry in restored["documents"]}
    assert moved["moves"] == [[path, bench.full("checks/test_solution.py")]]
    assert [frame["action"] for frame in seen] == ["deleted", "restored", "renamed"]


@pytest.mark.parametrize(
    ("name", "data", "content_type"),
    [
        ("data.bin", BINARY, "application/octet-stream"),
        ("page.html", b"\0<script>alert(1)</script>", "application/octet-stream"),
        ("ä 'x'.png", PNG + b"\0", "image/png"),
    ],
    ids=["binary", "page", "picture"],
)
def test_content_is_a_download_that_runs_nothing(
    candidate: Client, bench: Bench, name: str, data: bytes, content_type: str
) -> None:
    bench.upload(name, data)

    answer = candidate.get(address(bench, "file", name))

    assert answer.content == data
    assert answer["Content-Type"] == content_type
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("name", ["none.bin", "a.py", "link"])
def test_content_that_is_not_kept_is_not_found(
    candidate: Client, bench: Bench, name: str
) -> None:
    bench.create("a.py")
    keep_file(
        bench.interview,
        bench.full("link"),
        FileKind.LINK,
        None,
        size=4,
        hash="",
        origin=Origin.SYSTEM,
    )

    assert candidate.get(address(bench, "file", name)).status_code == 404


@pytest.fixture
def async_candidate(interview: Interview) -> AsyncClient:
    """The candidate's browser where answers are streams."""
    client = AsyncClient()
    client.cookies.load(candidate_cookies(interview))
    return client


async def unpack(client: AsyncClient, bench: Bench) -> dict[str, bytes]:
    answer: HttpResponseBase = await client.get(address(bench, "archive"))
    assert isinstance(answer, StreamingHttpResponse)
    assert answer["Content-Type"] == "application/zip"
    data = b"".join([block async for block in answer])
    assert int(answer["Content-Length"]) == len(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


async def test_archive_holds_what_the_database_has(
    async_candidate: AsyncClient, bench: Bench
) -> None:
    for name in ("a.py", "ä/ü 😀.py", "empty"):
        await sync_to_async(bench.create)(name, f"# {name}\n" if "." in name else "")
    await sync_to_async(bench.upload)("lib/data.bin", BINARY * 100_000)
    await sync_to_async(bench.delete)("a.py")

    found = await unpack(async_candidate, bench)

    assert found == {
        bench.full("ä/ü 😀.py"): "# ä/ü 😀.py\n".encode(),
        bench.full("empty"): b"",
        bench.full("lib/data.bin"): BINARY * 100_000,
    }


async def test_archive_leaves_out_what_is_not_kept(
    async_candidate: AsyncClient, bench: Bench, settings: Settings
) -> None:
    await sync_to_async(bench.create)("a.py")
    for name, kind in (("link", FileKind.LINK), ("pipe", FileKind.SPECIAL)):
        await sync_to_async(keep_file)(
            bench.interview,
            bench.full(name),
            kind,
            None,
            size=1,
            hash="",
            origin=Origin.SYSTEM,
        )
    await sync_to_async(bench.upload)("lost.bin", BINARY)
    settings.MEDIA_ROOT = settings.MEDIA_ROOT / "elsewhere"

    assert list(await unpack(async_candidate, bench)) == [bench.full("a.py")]


async def test_archive_is_given_after_the_end_and_not_too_often(
    async_candidate: AsyncClient, bench: Bench
) -> None:
    await sync_to_async(bench.create)("a.py")
    await sync_to_async(finish_interview)(bench.interview.pk)

    for _ in range(ARCHIVES_PER_MINUTE):
        assert len(await unpack(async_candidate, bench)) == 1
    refused = await async_candidate.get(address(bench, "archive"))
    assert refused.status_code == 429
    assert b"minute" in refused.content


def test_record_lists_other_files(candidate: Client, bench: Bench) -> None:
    bench.upload("<b>data.bin", BINARY)
    name = reverse("interviews:interview-record", args=[bench.interview.pk])

    page = candidate.get(name).content.decode()
    record = candidate.get(f"{name}download/").json()

    row = bench.other("<b>data.bin")
    assert "&lt;b&gt;data.bin" in page
    assert "<b>data.bin" not in page
    assert address(bench, "archive") in page
    assert record["other_files"] == [
        {"path": row.path, "kind": "binary", "size": len(BINARY), "sha256": row.hash}
    ]
