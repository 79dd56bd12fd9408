"""A finished file again as H.264 and AAC in MP4, for players that want nothing else."""

from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, cast

import av
import av.filter
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from recordings.media.errors import MediaError
from recordings.media.tracks import Container

VIDEO_OPTIONS = {"preset": "veryfast", "crf": "23", "g": "60"}
SOUND_BITS = 128_000
SOUND_RATE = 48_000
# What one AAC frame holds.
SOUND_SAMPLES = 1024
MILLISECOND = Fraction(1, 1000)


def transcode(source: BinaryIO, container: Container, target: Path) -> None:
    """Write the rendition to `target`, on the same file clock; raise MediaError.

    Takes about as long as the recording lasts, and the same memory however long.
    """
    try:
        with (
            av.open(source, "r", format=container.value) as opened,
            av.open(
                str(target), "w", format="mp4", options={"movflags": "faststart"}
            ) as muxer,
        ):
            _Transcoder(opened, muxer).run()
    except av.FFmpegError as error:
        raise MediaError from error


class _Transcoder:
    def __init__(self, source: InputContainer, muxer: OutputContainer) -> None:
        self._source = source
        self._muxer = muxer
        video, audio = source.streams.video, source.streams.audio
        self._pictures = _Pictures(video[0], muxer) if video else None
        self._sound = _Sound(audio[0], muxer) if audio else None

    def run(self) -> None:
        for packet in self._source.demux():
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                if isinstance(frame, VideoFrame) and self._pictures is not None:
                    self._pictures.add(frame)
                elif isinstance(frame, AudioFrame) and self._sound is not None:
                    self._sound.add(frame)
        for track in (self._pictures, self._sound):
            if track is not None:
                track.finish()


class _Pictures:
    """Frames keep their times; one of another size is drawn into the first one's."""

    def __init__(self, source: VideoStream, muxer: OutputContainer) -> None:
        self._muxer = muxer
        self._stream = muxer.add_stream("libx264", rate=30, options=VIDEO_OPTIONS)
        self._stream.width = max(2, source.width // 2 * 2)
        self._stream.height = max(2, source.height // 2 * 2)
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = MILLISECOND
        self._last = -1

    def add(self, frame: VideoFrame) -> None:
        at_ms = round((frame.time or 0) * 1000)
        if at_ms <= self._last:
            return
        self._last = at_ms
        picture = frame.reformat(
            width=self._stream.width, height=self._stream.height, format="yuv420p"
        )
        picture.pts, picture.time_base = at_ms, MILLISECOND
        # The encoder decides where key frames go, not the recorder's stream.
        picture.pict_type = 0
        self._muxer.mux(self._stream.encode(picture))

    def finish(self) -> None:
        self._muxer.mux(self._stream.encode(None))


class _Sound:
    """Gaps become silence: AAC frames follow one another without any."""

    def __init__(self, source: AudioStream, muxer: OutputContainer) -> None:
        self._muxer = muxer
        self._stream = muxer.add_stream("aac", rate=SOUND_RATE)
        self._stream.bit_rate = SOUND_BITS
        layout = "mono" if source.channels == 1 else "stereo"
        self._stream.layout = layout
        self._graph = av.filter.Graph()
        chain = (
            self._graph.add_abuffer(template=source),
            self._graph.add("aresample", f"{SOUND_RATE}:async=1:first_pts=0"),
            self._graph.add(
                "aformat",
                f"sample_fmts=fltp:sample_rates={SOUND_RATE}:channel_layouts={layout}",
            ),
            self._graph.add("asetnsamples", f"n={SOUND_SAMPLES}:p=0"),
            self._graph.add("abuffersink"),
        )
        self._graph.link_nodes(*chain).configure()

    def add(self, frame: AudioFrame) -> None:
        self._graph.push(frame)
        self._encode()

    def finish(self) -> None:
        self._graph.push(None)
        self._encode()
        self._muxer.mux(self._stream.encode(None))

    def _encode(self) -> None:
        while True:
            try:
                frame = cast("AudioFrame", self._graph.pull())
            except (av.BlockingIOError, av.EOFError):
                return
            self._muxer.mux(self._stream.encode(frame))
