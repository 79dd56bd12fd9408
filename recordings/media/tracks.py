"""What a recorder's header says about its stream, for either container."""

from dataclasses import dataclass
from enum import StrEnum

from recordings.media.errors import CodecUnsupportedError

# Codecs whose key frames repeat every parameter, so that two recorders' streams
# may follow one another even when their private data differ.
SELF_DESCRIBING = frozenset({"vp8", "vp9", "opus"})
WEBM_CODECS = frozenset({"vp8", "vp9", "av1", "opus", "vorbis"})
MP4_CODECS = frozenset({"h264", "hevc", "vp9", "av1", "aac", "opus"})


class Container(StrEnum):
    WEBM = "webm"
    MP4 = "mp4"


@dataclass(frozen=True)
class VideoTrack:
    codec: str
    width: int
    height: int
    private: bytes = b""


@dataclass(frozen=True)
class AudioTrack:
    codec: str
    channels: int
    private: bytes = b""


@dataclass(frozen=True)
class StreamHeader:
    """The bytes before the first cluster or fragment, and what they announce."""

    container: Container
    data: bytes
    video: VideoTrack | None
    audio: AudioTrack | None

    @property
    def codecs(self) -> tuple[str, ...]:
        tracks = (self.video, self.audio)
        return tuple(track.codec for track in tracks if track is not None)

    def continues(self, first: "StreamHeader") -> bool:
        """Whether this stream fits behind `first` in one output file.

        A track may be absent (the camera was lost), never new or different.
        """
        return (
            self.container == first.container
            and (self.video is None or _same_video(self.video, first.video))
            and (self.audio is None or _same_audio(self.audio, first.audio))
        )


def _same_video(track: VideoTrack, first: VideoTrack | None) -> bool:
    if first is None or track.codec != first.codec:
        return False
    return track.codec in SELF_DESCRIBING or track.private == first.private


def _same_audio(track: AudioTrack, first: AudioTrack | None) -> bool:
    if first is None or (track.codec, track.channels) != (first.codec, first.channels):
        return False
    return track.codec in SELF_DESCRIBING or track.private == first.private


def output_container(header: StreamHeader) -> Container:
    """The container browsers play these codecs from, by preference the same one."""
    codecs = set(header.codecs)
    if header.container is Container.WEBM and codecs <= WEBM_CODECS:
        return Container.WEBM
    if codecs <= MP4_CODECS:
        return Container.MP4
    raise CodecUnsupportedError


def output_mime(container: Container, *, has_video: bool) -> str:
    return f"{'video' if has_video else 'audio'}/{container.value}"
