"""Whatever a browser sends: no crash, nobody else's data touched, and a clear state."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interviews.models import Interview
from recordings.models import Chunk, Segment, UploadTicket
from recordings.services.holes import live_holes
from recordings.services.quota import read_use
from recordings.services.recovery import is_incomplete
from tests.factories.recordings import ChunkFactory
from tests.recordings.conftest import Browser, let_in
from tests.recordings.media.recorded import cut, record

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

SHORT, LONG = 12, 400
CLEAR = {200, 201, 400, 404, 405, 409, 413, 415, 429}
FIRST = cut(record(seconds=2), 1)[0][:20_000]

# EBML: an element of any id whose length is a lie, or the largest there is.
BOMBS = st.builds(
    lambda head, size, rest: head + size + rest,
    st.sampled_from([b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x16\x54\xae\x6b"]),
    st.sampled_from([b"\x01" + b"\xff" * 7, b"\x08" + b"\x7f" * 7, b"\xff", b"\x80"]),
    st.binary(max_size=300),
)
NESTED = st.integers(1, 3000).map(
    lambda depth: b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\xff" * depth
)


@st.composite
def hurt(draw: Callable[[Any], Any]) -> bytes:
    """A real beginning, cut off or with flipped bytes."""
    data = bytearray(FIRST[: draw(st.integers(1, len(FIRST)))])
    for at in draw(st.lists(st.integers(0, min(len(data), 600) - 1), max_size=30)):
        data[at] ^= draw(st.integers(1, 255))
    return bytes(data)


BODIES = st.one_of(st.binary(max_size=2000), hurt(), BOMBS, NESTED)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
INDEXES = st.one_of(st.integers(0, 3), st.integers(0, 2**70))
HASHES = st.binary(max_size=2).map(lambda data: hashlib.sha256(data).hexdigest())
OPENINGS = st.fixed_dictionaries(
    {},
    optional={
        "started_ms": VALUES | st.integers(-1000, 1000),
        "mime_type": VALUES | st.just("video/webm"),
        "track": VALUES | st.sampled_from(["camera", "screen"]),
        "video": VALUES,
        "segment": VALUES,
    },
)
TICKETS = st.fixed_dictionaries(
    {},
    optional={
        "size": VALUES | st.integers(1, 2**40),
        "sha256": VALUES | HASHES,
        "start_ms": VALUES | st.integers(0, 10**6),
        "duration_ms": VALUES | st.integers(0, 10**6),
        "route": VALUES | st.just("web"),
        "direct_failed": VALUES,
    },
)
MANIFESTS = st.fixed_dictionaries(
    {
        "last_index": st.integers(-1, 9999) | VALUES,
        "duration_ms": st.integers(0, 10**7) | VALUES,
        "chunks": st.lists(
            st.fixed_dictionaries(
                {
                    "index": st.integers(0, 9999) | VALUES,
                    "size": st.integers(0, 2**70) | VALUES,
                    "sha256": HASHES | VALUES,
                }
            ),
            max_size=5,
        )
        | VALUES,
    }
)
CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), OPENINGS),
        st.tuples(st.just("ticket"), INDEXES, TICKETS),
        st.tuples(st.just("put"), INDEXES, BODIES),
        st.tuples(st.just("announced"), INDEXES, BODIES),
        st.tuples(st.just("confirm"), INDEXES, BODIES),
        st.tuples(st.just("close"), MANIFESTS),
    ),
    max_size=6,
)


@pytest.fixture
def foreign(db: None) -> Chunk:
    """Somebody else's chunk."""
    made: Chunk = ChunkFactory.create()
    return made


@contextmanager
def forgotten() -> Iterator[None]:
    """Undo what one example did."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def call(browser: Browser, name: str, *args: Any) -> "Response":
    if name == "open":
        return browser.open(**args[0])
    if name == "ticket":
        return browser.ticket(args[0], b"bytes", **args[1])
    if name == "put":
        return browser.put(*args)
    if name == "announced":
        browser.ticket(*args)
        return browser.put(*args)
    if name == "confirm":
        return browser.confirm(*args)
    return browser.client.post(
        f"{browser.base}/{browser.segment}/close",
        args[0],
        content_type="application/json",
    )


def check(browser: Browser, interview: Interview, foreign: Chunk, media: Path) -> None:
    """What holds whatever was sent."""
    mine = Chunk.objects.exclude(pk=foreign.pk)
    for chunk in mine:
        stored = (media / chunk.key).read_bytes()
        assert (len(stored), hashlib.sha256(stored).hexdigest()) == (
            chunk.size,
            chunk.sha256,
        )
        assert chunk.segment.recording.interview_id == interview.pk
    sizes = [chunk.size for chunk in mine]
    sizes += UploadTicket.objects.values_list("size", flat=True)
    assert read_use(interview).bytes == sum(sizes)
    standing = browser.manifest()
    assert standing.status_code == 200
    told = {
        (one["segment"], chunk["index"])
        for one in standing.json()["segments"]
        for chunk in one["chunks"]
    }
    assert told == {(str(chunk.segment_id), chunk.index) for chunk in mine}
    live_holes(interview)
    is_incomplete(interview)
    foreign.refresh_from_db()
    assert Segment.objects.get(pk=foreign.segment_id).chunks.count() == 1


def fuzz(calls: list[Any], interview: Interview, foreign: Chunk, media: Path) -> None:
    with forgotten():
        browser = Browser(let_in(Client(), interview), interview)
        browser.open()
        for name, *args in calls:
            answer = call(browser, name, *args)
            assert answer.status_code in CLEAR
            if answer.status_code >= 400:
                assert answer.json()["code"]
        check(browser, interview, foreign, media)


@settings(
    max_examples=SHORT,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=CALLS)
def test_hostile_browser_breaks_nothing(
    calls: list[Any], interview: Interview, foreign: Chunk, media: Path
) -> None:
    fuzz(calls, interview, foreign, media)


@pytest.mark.long
@settings(
    max_examples=LONG,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=CALLS)
def test_hostile_browser_breaks_nothing_for_long(
    calls: list[Any], interview: Interview, foreign: Chunk, media: Path
) -> None:
    fuzz(calls, interview, foreign, media)
