"""A waveform of recorded sound: ten peaks a second, from 0 to 255."""

from collections.abc import Sequence

from av.audio.frame import AudioFrame

PEAKS_PER_SECOND = 10
PEAK_MS = 1000 // PEAKS_PER_SECOND
# Every eleventh sample of 48 kHz: what a waveform shows needs no more of them.
_STEP = 11
_FLOATS = frozenset({"flt", "fltp"})
_WORDS = frozenset({"s16", "s16p"})
_FULL_WORD = 32768


class Waveform:
    """Collects peaks by file time; where there is no sound they are 0."""

    def __init__(self) -> None:
        self.peaks = bytearray()

    def add(self, frame: AudioFrame, at_ms: int) -> None:
        """Take the first channel's peak of a frame that begins at `at_ms`."""
        heard = _listen(frame)
        if not heard or at_ms < 0:
            return
        peak = max(max(heard), -min(heard))
        bucket = at_ms // PEAK_MS
        if bucket >= len(self.peaks):
            self.peaks.extend(bytes(bucket + 1 - len(self.peaks)))
        self.peaks[bucket] = max(self.peaks[bucket], min(255, round(peak * 255)))


def _listen(frame: AudioFrame) -> Sequence[float]:
    """Some samples of the first channel, between -1 and 1."""
    data = memoryview(frame.planes[0]).cast("B")
    if frame.format.name in _FLOATS:
        return data.cast("f")[: frame.samples : _STEP].tolist()
    if frame.format.name in _WORDS:
        words = data.cast("h")[: frame.samples : _STEP].tolist()
        return [word / _FULL_WORD for word in words]
    return []
