"""What a candidate brought along, on the review desk: hostile, and to be downloaded."""

import io
import zipfile

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from interviews.enums import FileKind, Origin
from interviews.models import Interview
from interviews.services.workspace_files import keep_file
from tests.factories.people import People
from tests.interviewlm.review.conftest import IMG, url

DATA = b"\0<script>alert(1)</script>"
PATH = f"ladder/{IMG}.png"


@pytest.fixture
def kept(interview: Interview) -> Interview:
    """The interview with one file that is no document."""
    keep_file(
        interview,
        PATH,
        FileKind.BINARY,
        DATA,
        size=len(DATA),
        hash="f" * 64,
        origin=Origin.CANDIDATE,
    )
    return interview


def test_desk_lists_other_files_as_text(recruiter: Client, kept: Interview) -> None:
    page = recruiter.get(url(kept)).content.decode()

    assert "<img src=x" not in page
    assert "ladder/&lt;img src=x onerror=alert(1)&gt;.png" in page
    assert "Binary file" in page
    assert url(kept, "archive") in page


def test_content_is_a_download(recruiter: Client, kept: Interview) -> None:
    answer = recruiter.get(url(kept, "content"), {"path": PATH})

    assert answer.content == DATA
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert recruiter.get(url(kept, "content"), {"path": "no"}).status_code == 404


def test_archive_is_a_download(recruiter: Client, kept: Interview) -> None:
    answer: HttpResponseBase = recruiter.get(url(kept, "archive"))

    assert isinstance(answer, StreamingHttpResponse)
    stream = answer

    async def collect() -> bytes:
        return b"".join([block async for block in stream])

    assert answer["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(async_to_sync(collect)())) as archive:
        assert archive.namelist() == [PATH]


@pytest.mark.parametrize("name", ["content", "archive"])
def test_stranger_gets_nothing(
    people: People, kept: Interview, client: Client, name: str
) -> None:
    address = url(kept, name)
    client.force_login(people.stranger)
    assert client.get(address, {"path": PATH}).status_code == 404
    client.logout()
    answer = client.get(address, {"path": PATH})
    assert answer["Location"].startswith(reverse("admin:login"))
