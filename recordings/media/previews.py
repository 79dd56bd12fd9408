"""Preview pictures and waveform, made of the packets that are being copied."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import av
from av.audio.codeccontext import AudioCodecContext
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from recordings.media.loudness import PEAK_MS, Waveform
from recordings.media.pictures import EVERY_MS, Album

# Ten seconds of sound are handed over at a time; this many batches wait at most.
BATCH = 200
MOST_WAITING = 8
# So many packets are listened to for each peak of the waveform, of about five: sound
# changes more slowly, and decoding it all costs more than everything else here.
HEARD_PER_PEAK = 2


@dataclass(frozen=True)
class Previews:
    """What goes with a file; times count from its start. Empty without its track."""

    sheets: tuple[bytes, ...] = ()
    starts_ms: tuple[int, ...] = ()
    peaks: bytes = b""


NO_PREVIEWS = Previews()


@dataclass(frozen=True)
class _Piece:
    """The bytes of one packet, for a decoder of our own."""

    data: bytes
    at_ms: int


class PreviewMaker:
    """Decodes in a thread, beside the copying: one key frame for every ten seconds.

    Only those packets reach the decoder: told to skip the others, it still parses
    them, which takes thirty times as long. What does not decode is left out; a file
    that plays is worth having without its pictures.
    """

    def __init__(self, template: InputContainer) -> None:
        self._pictures = _decoder(template, "video")
        self._sound = _decoder(template, "audio")
        self._album, self._waveform = Album(), Waveform()
        self._next_picture_ms = 0
        self._peak = -1
        self._heard = 0
        self._batch: list[_Piece] = []
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="previews")
        self._waiting: deque[Future[None]] = deque()

    def close(self) -> None:
        """End the thread; harmless when nothing was decoded."""
        self._pool.shutdown(cancel_futures=True)

    def see(self, packet: "Packet[av.stream.Stream]", kind: str, at_ms: int) -> None:
        """Look at a packet before it is written; `at_ms` is its file time."""
        if kind == "audio":
            self._hear(packet, at_ms)
        elif self._is_wanted(packet, kind, at_ms):
            slot = at_ms // EVERY_MS * EVERY_MS
            self._next_picture_ms = slot + EVERY_MS
            self._submit([_Piece(bytes(packet), slot)], draw=True)

    def _hear(self, packet: "Packet[av.stream.Stream]", at_ms: int) -> None:
        peak = at_ms // PEAK_MS
        if peak != self._peak:
            self._peak, self._heard = peak, 0
        self._heard += 1
        if self._sound is None or self._heard > HEARD_PER_PEAK:
            return
        self._batch.append(_Piece(bytes(packet), at_ms))
        if len(self._batch) >= BATCH:
            self._hand_over()

    def _is_wanted(
        self, packet: "Packet[av.stream.Stream]", kind: str, at_ms: int
    ) -> bool:
        is_picture = kind == "video" and self._pictures is not None
        return is_picture and packet.is_keyframe and at_ms >= self._next_picture_ms

    def finish(self) -> Previews:
        """Wait for what is being decoded and return it all."""
        self._hand_over()
        self._wait(0)
        self._album.close()
        # The first picture stands from the start on, even behind a hole.
        starts = [0, *self._album.starts_ms[1:]] if self._album.starts_ms else []
        return Previews(
            tuple(self._album.sheets),
            tuple(starts),
            bytes(self._waveform.peaks),
        )

    def _hand_over(self) -> None:
        batch, self._batch = self._batch, []
        if batch:
            self._submit(batch, draw=False)

    def _submit(self, pieces: Sequence[_Piece], *, draw: bool) -> None:
        self._wait(MOST_WAITING)
        work = self._draw if draw else self._listen
        self._waiting.append(self._pool.submit(work, pieces))

    def _wait(self, most: int) -> None:
        while len(self._waiting) > most:
            self._waiting.popleft().result()

    def _draw(self, pieces: Sequence[_Piece]) -> None:
        decoder = cast("VideoCodecContext", self._pictures)
        for piece in pieces:
            frame = _decode_alone(decoder, piece.data)
            if frame is not None:
                self._album.add(frame, piece.at_ms)

    def _listen(self, pieces: Sequence[_Piece]) -> None:
        decoder = cast("AudioCodecContext", self._sound)
        for piece in pieces:
            try:
                frames = decoder.decode(Packet(piece.data))
            except av.FFmpegError:
                continue
            for frame in frames:
                self._waveform.add(frame, piece.at_ms)


def _decoder(
    template: InputContainer, kind: str
) -> VideoCodecContext | AudioCodecContext | None:
    streams = template.streams.video if kind == "video" else template.streams.audio
    if not streams:
        return None
    source = streams[0].codec_context
    try:
        made = av.CodecContext.create(source.name, "r")
        made.extradata = source.extradata
        if isinstance(made, AudioCodecContext) and isinstance(
            source, AudioCodecContext
        ):
            made.sample_rate = source.sample_rate
            made.layout = source.layout
        # With frame threads the first picture comes several packets later.
        made.thread_count = 1
    except av.FFmpegError:
        return None
    return cast("VideoCodecContext | AudioCodecContext", made)


def _decode_alone(decoder: VideoCodecContext, data: bytes) -> VideoFrame | None:
    """The picture of a key frame, given nothing before or after it."""
    try:
        frames = [*decoder.decode(Packet(data)), *decoder.decode(None)]
    except av.FFmpegError:
        frames = []
    decoder.flush_buffers()
    return frames[0] if frames else None
