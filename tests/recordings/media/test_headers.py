"""Headers of both containers and the places a demuxer may start at."""

import pytest

from recordings.media import ebml, isobmff
from recordings.media.errors import CodecUnsupportedError, HeaderInvalidError
from recordings.media.headers import find_restart, read_header
from recordings.media.tracks import (
    AudioTrack,
    Container,
    StreamHeader,
    VideoTrack,
    output_container,
)
from tests.recordings.media.recorded import record

KINDS = [
    pytest.param("libvpx-vp9", "libopus", "webm", ("vp9", "opus"), id="vp9"),
    pytest.param("libvpx", "libopus", "webm", ("vp8", "opus"), id="vp8"),
    pytest.param(None, "libopus", "webm", ("opus",), id="sound only"),
    pytest.param("libx264", "aac", "mp4", ("h264", "aac"), id="mp4"),
]


@pytest.mark.parametrize(("video", "audio", "container", "codecs"), KINDS)
def test_header_of_a_recorder_names_its_tracks(
    video: str | None, audio: str, container: str, codecs: tuple[str, ...]
) -> None:
    data = record(video, audio, seconds=2, container=container)

    header = read_header(data)

    assert header is not None
    assert header.container.value == container
    assert header.codecs == codecs
    size = None if header.video is None else (header.video.width, header.video.height)
    assert size == (None if video is None else (160, 120))
    assert find_restart(header.container, data)[0] == len(header.data)


@pytest.mark.parametrize(("video", "audio", "container", "codecs"), KINDS)
def test_header_cut_anywhere_asks_for_more_and_never_misreads(
    video: str | None, audio: str, container: str, codecs: tuple[str, ...]
) -> None:
    whole = read_header(record(video, audio, seconds=2, container=container))
    assert whole is not None

    answers = [read_header(whole.data[:end]) for end in range(len(whole.data))]

    assert {a.codecs for a in answers if a is not None} <= {codecs}
    assert answers[:100] == [None] * 100


@pytest.mark.parametrize(
    "data",
    [
        b"<html>not a recording</html>",
        b"\0" * 200,
        b"\x1a\x45\xdf\xa3\x80\x1f\x43\xb6\x75\xff\xe7\x81\x00",
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff\x1f\x43\xb6\x75\xff\xe7\x81\x00",
        b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moof",
        b"\0\0\0\x10ftypisom\0\0\0\0\x7f\0\0\0moov",
        b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moov",
    ],
    ids=["html", "zeros", "no segment", "no tracks", "no moov", "huge", "empty moov"],
)
def test_bytes_that_are_no_recording_are_refused(data: bytes) -> None:
    with pytest.raises(HeaderInvalidError):
        read_header(data)


def test_endless_webm_header_is_refused() -> None:
    head = b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"
    with pytest.raises(HeaderInvalidError):
        read_header(head + b"\xec\x10\xff\xff\xff" + b"\0" * ebml.HEADER_LIMIT)


def test_cluster_id_inside_a_frame_is_not_a_cluster() -> None:
    noise = b"abc" + ebml.CLUSTER_BYTES + b"\x00 no cluster, only four equal bytes"
    cluster = ebml.CLUSTER_BYTES + b"\x01\xff\xff\xff\xff\xff\xff\xff\xe7\x81\x00"

    assert ebml.find_cluster(noise) == (None, len(noise) - 3)
    assert ebml.find_cluster(noise + cluster + b"\xa3\x84")[0] == len(noise)


@pytest.mark.parametrize("seen", range(1, 13))
def test_cluster_split_by_a_chunk_boundary_is_kept(seen: int) -> None:
    cluster = ebml.CLUSTER_BYTES + b"\x01\xff\xff\xff\xff\xff\xff\xff\xe7\x81\x00"
    data = b"x" * 50 + cluster[:seen]

    found, keep = ebml.find_cluster(data)

    assert found is None
    assert keep <= 50
    assert ebml.find_cluster(data[keep:] + cluster[seen:])[0] == 50 - keep


@pytest.mark.parametrize("seen", range(1, 16))
def test_fragment_split_by_a_chunk_boundary_is_kept(seen: int) -> None:
    fragment = b"\x00\x00\x01\x00moof\x00\x00\x00\x10mfhd"
    data = b"x" * 50 + fragment[:seen]

    found, keep = isobmff.find_fragment(data)

    assert found is None
    assert isobmff.find_fragment(data[keep:] + fragment[seen:])[0] == 50 - keep


def _header(video: VideoTrack | None, audio: AudioTrack | None) -> StreamHeader:
    return StreamHeader(Container.WEBM, b"", video, audio)


VP9 = VideoTrack("vp9", 640, 360)
OPUS = AudioTrack("opus", 1)


@pytest.mark.parametrize(
    ("later", "fits"),
    [
        (_header(VP9, OPUS), True),
        (_header(VideoTrack("vp9", 1280, 720), OPUS), True),
        (_header(None, OPUS), True),
        (_header(VideoTrack("vp8", 640, 360), OPUS), False),
        (_header(VP9, AudioTrack("opus", 2)), False),
    ],
    ids=["same", "other size", "camera lost", "other codec", "other channels"],
)
def test_segment_continues_an_output_only_with_equal_codecs(
    later: StreamHeader, *, fits: bool
) -> None:
    assert later.continues(_header(VP9, OPUS)) is fits


def test_segment_with_a_new_track_starts_another_file() -> None:
    assert not _header(VP9, OPUS).continues(_header(None, OPUS))


def test_h264_with_other_parameters_starts_another_file() -> None:
    first = _header(VideoTrack("h264", 640, 360, b"a"), OPUS)
    assert not _header(VideoTrack("h264", 640, 360, b"b"), OPUS).continues(first)


def test_h264_in_webm_is_stored_as_mp4_and_unknown_codecs_are_refused() -> None:
    h264 = _header(VideoTrack("h264", 640, 360), OPUS)
    assert output_container(h264) is Container.MP4
    with pytest.raises(CodecUnsupportedError):
        output_container(_header(VideoTrack("v_theora", 640, 360), OPUS))
