"""Recordings and what they are made of."""

# mypy: allow-untyped-calls

from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory

from recordings.enums import AssetKind
from recordings.models import Asset, Chunk, Recording, Segment
from tests.factories.interviews import InterviewFactory


class RecordingFactory(DjangoModelFactory[Recording]):
    """A camera track without content."""

    class Meta:
        model = Recording

    interview = SubFactory(InterviewFactory)


class SegmentFactory(DjangoModelFactory[Segment]):
    """One run of a recorder."""

    class Meta:
        model = Segment

    recording = SubFactory(RecordingFactory)
    mime_type = "video/webm;codecs=vp8,opus"
    started_ms = 0


class ChunkFactory(DjangoModelFactory[Chunk]):
    """Ten seconds of a segment; the file itself is not there."""

    class Meta:
        model = Chunk

    segment = SubFactory(SegmentFactory)
    index = Sequence(lambda n: n)
    size = 1000
    sha256 = "0" * 64
    start_ms = 0
    duration_ms = 10_000
    key = Sequence(lambda n: f"chunks/{n}")


class AssetFactory(DjangoModelFactory[Asset]):
    """A finished file; the file itself is not there."""

    class Meta:
        model = Asset

    recording = SubFactory(RecordingFactory)
    kind = AssetKind.PLAYABLE
    key = Sequence(lambda n: f"assets/{n}.webm")
    mime_type = "video/webm"
    size = 1000
    sha256 = "0" * 64
