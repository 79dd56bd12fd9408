"""What Prometheus and the log learn of each answer: how it ended, how long it took."""

import logging
from time import monotonic
from uuid import UUID

from prometheus_client import Counter, Gauge, Histogram

from assistant.services.endings import TurnOutcome

logger = logging.getLogger(__name__)

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
    "The longest wait between two pieces of one answer's text",
    ["model"],
    buckets=_SECONDS,
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
FALLBACKS = Counter(
    "interviewlm_model_fallbacks",
    "Answers of another model than the chosen one",
    ["chosen", "model"],
)


class AnswerClock:
    """Times one answer; a piece of text costs two comparisons."""

    def __init__(self) -> None:
        self._began_at = monotonic()
        self._last_at = 0.0
        self._longest_gap = 0.0

    def note_text(self, at: float) -> None:
        """A piece of text arrived at this time of the monotonic clock."""
        if self._last_at and at - self._last_at > self._longest_gap:
            self._longest_gap = at - self._last_at
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
        logger.info(
            "Turn %s ended: %s (%s), model %s, request %s, first text after %s ms, "
            "%s characters in %.1f s, longest gap %.1f s",
            turn_id,
            outcome.state,
            end,
            outcome.model or "none",
            outcome.request_id or "none",
            outcome.first_token_ms,
            len(outcome.text),
            monotonic() - self._began_at,
            self._longest_gap,
        )
