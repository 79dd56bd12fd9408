"""Captions of a recording: who knows what was said registers a provider of cues.

Nothing provides any yet where nobody transcribes; the player then offers none.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.html import escape

from interviews.models import Interview


@dataclass(frozen=True)
class Cue:
    """Something said, on the interview clock; `speaker` is a word, never a name."""

    start_ms: int
    end_ms: int
    text: str
    speaker: str = ""


Provider = Callable[[Interview], Iterable[Cue]]
_providers: dict[str, Provider] = {}


def register_captions(name: str, provider: Provider) -> None:
    """Have the cues of `provider(interview)` in the player's captions."""
    _providers[name] = provider


def unregister_captions(name: str) -> None:
    """Forget a provider; harmless when there is none."""
    _providers.pop(name, None)


def read_cues(interview: Interview) -> list[Cue]:
    """Return every cue in the order of the clock."""
    cues = [cue for provide in _providers.values() for cue in provide(interview)]
    return sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms))


def render_captions(cues: Iterable[Cue], start_ms: int, duration_ms: int) -> str:
    """Return WebVTT for a file that begins at `start_ms` of the clock.

    What was said is data: escaped, on one line per cue, so that it cannot end its
    cue or become one.
    """
    blocks = ["WEBVTT"]
    for cue in cues:
        begin = max(0, cue.start_ms - start_ms)
        end = min(duration_ms, cue.end_ms - start_ms)
        text = escape(" ".join(cue.text.split()))
        if text and begin < end:
            voice = escape(" ".join(cue.speaker.split()))
            said = f"<v {voice}>{text}" if voice else text
            blocks.append(f"{_time(begin)} --> {_time(end)}\n{said}")
    return "\n\n".join(blocks) + "\n"


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{rest:03}"
