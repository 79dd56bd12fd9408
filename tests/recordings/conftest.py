"""A candidate whose browser records, and a store of its own for each test."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from interviews.access import grant_candidate
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.services.lifecycle import finish_interview
from recordings.models import Segment
from tests.factories.interviews import InterviewFactory
from tests.recordings.media.recorded import cut, record

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

MIME = "video/webm;codecs=vp9,opus"


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """The folder recordings go to."""
    folder = tmp_path / "media"
    settings.MEDIA_ROOT = folder
    settings.VAR_DIR = tmp_path
    return folder


@pytest.fixture
def interview(db: None) -> Interview:
    """An interview under way, in which camera and screen are recorded."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE,
        invitation__assessment_version__records_screen=True,
    )
    return made


def let_in(client: Client, interview: Interview) -> Client:
    """Give the client the candidate's cookie."""
    response = HttpResponse()
    grant_candidate(response, interview, is_secure=False)
    client.cookies.update(response.cookies)
    return client


def slices_of_recording(seconds: int = 8, count: int = 4) -> list[bytes]:
    """What a recorder gives, in slices."""
    return cut(record(seconds=seconds), count)


@dataclass
class Browser:
    """The candidate's page: speaks the upload protocol."""

    client: Client
    interview: Interview
    segment: UUID = field(default_factory=uuid4)

    @property
    def base(self) -> str:
        return f"/api/v1/interviews/{self.interview.pk}/recordings/segments"

    def open(self, **changes: Any) -> "Response":
        body = {
            "segment": str(self.segment),
            "track": "camera",
            "mime_type": MIME,
            "started_ms": 0,
            "video": {"width": 160, "height": 120},
            **changes,
        }
        return self.client.post(self.base, body, content_type="application/json")

    def put(
        self,
        index: int,
        data: bytes,
        *,
        duration_ms: int = 2000,
        headers: Mapping[str, str] | None = None,
    ) -> "Response":
        sent = {
            "X-Chunk-Sha256": hashlib.sha256(data).hexdigest(),
            "X-Chunk-Start-Ms": str(index * duration_ms),
            "X-Chunk-Duration-Ms": str(duration_ms),
            **(headers or {}),
        }
        return self.client.put(
            f"{self.base}/{self.segment}/chunks/{index}",
            data,
            content_type="video/webm",
            headers={name: value for name, value in sent.items() if value},
        )

    def ticket(self, index: int, data: bytes, **changes: Any) -> "Response":
        body = {
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "start_ms": index * 2000,
            "duration_ms": 2000,
            **changes,
        }
        return self.client.post(
            f"{self.base}/{self.segment}/chunks/{index}/ticket",
            body,
            content_type="application/json",
        )

    def confirm(self, index: int, data: bytes) -> "Response":
        return self.client.post(
            f"{self.base}/{self.segment}/chunks/{index}/confirm",
            {"sha256": hashlib.sha256(data).hexdigest()},
            content_type="application/json",
        )

    def manifest(self) -> "Response":
        return self.client.get(self.base.replace("/segments", "/manifest"))

    def close(self, count: int, *, duration_ms: int = 8000) -> "Response":
        body = {
            "last_index": count - 1,
            "duration_ms": duration_ms,
            "chunks": [{"index": i, "sha256": None, "size": 1} for i in range(count)],
        }
        return self.client.post(
            f"{self.base}/{self.segment}/close", body, content_type="application/json"
        )

    def send(self, slices: list[bytes], *, without: tuple[int, ...] = ()) -> None:
        """A whole segment, some slices of which get lost."""
        assert self.open().status_code == 201
        for index, data in enumerate(slices):
            if index not in without:
                assert self.put(index, data).status_code == 201
        closed = self.close(len(slices), duration_ms=2000 * len(slices))
        assert closed.status_code == 200

    def stored(self) -> Segment:
        return Segment.objects.get(pk=self.segment)


@pytest.fixture
def browser(interview: Interview) -> Browser:
    """The candidate's browser in the room."""
    return Browser(let_in(Client(), interview), interview)


def end(interview: Interview) -> Interview:
    """The candidate finishes."""
    finish_interview(interview.pk)
    interview.refresh_from_db()
    return interview
