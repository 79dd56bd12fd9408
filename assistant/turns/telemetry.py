"""What Prometheus and the log learn of each answer: how it ended, how long it took."""

import logging
from time import monotonic
from uuid import UUID

from prometheus_client import Counter, Gauge, Histogram

from assistant.services.endings import TurnOutcome

logger = logging.getLogger(__name__)

_GAPS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1, 2, 5)
_SECONDS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)
TURNS = Counter(
    "interviewlm_turns",
    "Answers that ended; `end` is the stop reason, or the code of what failed",
    ["state", "end", "model", "simulated"],
)
FIRST_TEXT = Histogram(
    "interviewlm_turn_first_text_seconds",
    "From the request to the first visible text",
    ["model"],
    buckets=_SECONDS,
)
LONGEST_GAP = Histogram(
    "interviewlm_turn_longest_gap_seconds",
    "The longest wait between two pieces of one answer's text, tools' time apart",
    ["model"],
    buckets=_SECONDS,
)
MEAN_GAP = Histogram(
    "interviewlm_turn_mean_gap_seconds",
    "The mean wait between two pieces of one answer's text, tools' time apart",
    ["model"],
    buckets=_GAPS,
)
CHARACTERS = Counter(
    "interviewlm_turn_characters", "Characters of answers' visible text", ["model"]
)
LIVE = Gauge(
    "interviewlm_live_turns",
    "Answers under way in this process",
    multiprocess_mode="livesum",
)
FAILED_TRIES = Counter(
    "interviewlm_model_failed_tries",
    "Calls that failed and were made again, there or elsewhere",
    ["provider", "model", "code"],
)
REQUEST_WAITS = Counter(
    "interviewlm_request_waits",
    "Calls within an answer that met their organisation's or interview's limit of a "
    "minute; `end` says whether they got their request in time",
    ["end"],
)
FALLBACKS = Counter(
    "interviewlm_model_fallbacks",
    "Answers of another model than the chosen one",
    ["chosen", "model"],
)


class AnswerClock:
    """Times one answer; a piece of text costs two comparisons and two sums."""

    def __init__(self) -> None:
        self._began_at = monotonic()
        self._last_at = 0.0
        self._longest_gap = 0.0
        self._gaps = 0.0
        self._gap_count = 0

    def begin_call(self) -> None:
        """Another call begins: what went before it is no gap in the model's text."""
        self._last_at = 0.0

    def note_text(self, at: float) -> None:
        """A piece of text arrived at this time of the monotonic clock."""
        if self._last_at:
            gap = at - self._last_at
            self._gaps += gap
            self._gap_count += 1
            if gap > self._longest_gap:
                self._longest_gap = gap
        self._last_at = at

    def tell_end(self, turn_id: UUID, outcome: TurnOutcome) -> None:
        """Count the answer and write its line in the log; no text of it."""
        end = outcome.error_code or outcome.stop_reason
        simulated = "yes" if outcome.is_simulated else "no"
        TURNS.labels(str(outcome.state), end, outcome.model, simulated).inc()
        if outcome.first_token_ms is not None:
            FIRST_TEXT.labels(outcome.model).observe(outcome.first_token_ms / 1000)
            LONGEST_GAP.labels(outcome.model).observe(self._longest_gap)
            CHARACTERS.labels(outcome.model).inc(len(outcome.text))
        if self._gap_count:
            mean = self._gaps / self._gap_count
            MEAN_GAP.labels(outcome.model).observe(mean)
        logger.info(
            "Turn %s ended: %s (%s)",
            turn_id,
            outcome.state,
            end,
            extra={"facts": {"turn": str(turn_id), **self._describe(outcome, end)}},
        )

    def _describe(self, outcome: TurnOutcome, end: str) -> dict[str, object]:
        """Return what the log's line has as fields of its own."""
        return {
            "state": str(outcome.state),
            "end": end,
            "model": outcome.model,
            "simulated": outcome.is_simulated,
            "request_id": outcome.request_id,
            "first_text_ms": outcome.first_token_ms,
            "longest_gap_ms": round(self._longest_gap * 1000),
            "duration_ms": round((monotonic() - self._began_at) * 1000),
            "characters": len(outcome.text),
        }
