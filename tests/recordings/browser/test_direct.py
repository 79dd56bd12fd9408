"""Chunks that a page puts straight into a bucket, as far as the bucket's CORS lets it."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect
from pytest_django.fixtures import Settings

from interviewlm.policies import build_strict
from interviews.enums import InterviewState
from interviews.models import Interview
from recordings.models import Chunk, Segment
from recordings.storage import get_store
from tests.e2e.conftest import Launch, LiveSite, address_of, enter
from tests.factories.interviews import InterviewFactory
from tests.recordings.browser.conftest import FLAGS, SMALL_CAMERA
from tests.recordings.stores.conftest import moto_server as moto_server
from tests.recordings.stores.servers import S3Server

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STORED = re.compile(r"0:(0[2-9]|[1-5]\d)( of [\d:]+)? stored")


# As in docs/ops/storage.md.
def rules_for(origin: str) -> Any:
    return {
        "CORSRules": [
            {
                "AllowedOrigins": [origin],
                "AllowedMethods": ["PUT", "GET", "HEAD"],
                "AllowedHeaders": [
                    "content-type",
                    "range",
                    "x-amz-checksum-sha256",
                    "x-amz-server-side-encryption",
                    "x-amz-server-side-encryption-aws-kms-key-id",
                ],
                "ExposeHeaders": [
                    "etag",
                    "content-length",
                    "content-range",
                    "accept-ranges",
                ],
                "MaxAgeSeconds": 3600,
            }
        ]
    }


class Sent:
    """The PUTs of a page: those to the bucket, and those to us."""

    def __init__(self, page: Page, bucket: str) -> None:
        self._bucket = urlsplit(bucket).netloc
        self.there: list[str] = []
        self.here: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method == "PUT":
            is_there = urlsplit(request.url).netloc == self._bucket
            (self.there if is_there else self.here).append(request.url)


@pytest.fixture
def room(
    launch: Launch, site: LiveSite, settings: Settings, moto_server: S3Server
) -> Iterator[tuple[Page, Sent, Interview, str]]:
    """The room of an interview that sends straight to a bucket; not opened yet."""
    name = moto_server.make_bucket()
    moto_server.use(settings, name)
    settings.MEDIA_UPLOAD_ROUTE = "direct"
    settings.CONTENT_SECURITY_POLICY = build_strict([moto_server.endpoint_url])
    interview: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    context: BrowserContext = launch(*FLAGS).new_context()
    context.add_init_script(SMALL_CAMERA)
    enter(context, site, interview)
    page = context.new_page()
    yield page, Sent(page, moto_server.endpoint_url), interview, name
    context.close()


def allow(server: S3Server, bucket: str, origin: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
    )
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration=rules_for(origin))
    client.close()


def test_bucket_that_allows_the_page_gets_its_chunks(
    room: tuple[Page, Sent, Interview, str], site: LiveSite, moto_server: S3Server
) -> None:
    page, sent, interview, bucket = room
    allow(moto_server, bucket, site.address)

    page.goto(address_of(site, interview, "room"))
    expect(page.locator('[data-state="record"]')).to_have_text(STORED, timeout=60_000)

    assert sent.there
    assert not sent.here
    chunk = Chunk.objects.order_by("index")[0]
    assert get_store().stat(chunk.key).size == chunk.size
    assert Segment.objects.get().header


@pytest.mark.long
def test_bucket_that_refuses_the_page_is_gone_around(
    room: tuple[Page, Sent, Interview, str], site: LiveSite, moto_server: S3Server
) -> None:
    page, sent, interview, bucket = room
    allow(moto_server, bucket, "https://elsewhere.example.org")

    page.goto(address_of(site, interview, "room"))
    expect(page.locator('[data-state="record"]')).to_have_text(STORED, timeout=60_000)

    # Tried twice, then sent through us; the bucket has the chunk all the same.
    assert sent.there
    assert sent.here
    chunk = Chunk.objects.order_by("index")[0]
    assert get_store().stat(chunk.key).size == chunk.size
