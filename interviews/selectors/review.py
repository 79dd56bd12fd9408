"""What a review rests on: the newest scorecard, decisions, steps, reports, the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from interviews.enums import Dimension, StepState
from interviews.models import Interview, ItemVerdict, PipelineStep, Review, Scorecard
from interviews.timeline.log import elapsed_ms

SHOWN_MOMENTS = 3
_STEP_LABELS = {
    "assemble": gettext_lazy("Recording"),
    "hidden_tests": gettext_lazy("Hidden tests"),
    "score": gettext_lazy("Score"),
}
STEP_TONES = {
    StepState.RUNNING: "busy",
    StepState.DONE: "good",
    StepState.FAILED: "danger",
}


@dataclass(frozen=True)
class Moment:
    """A point of the interview: an event's number, its time, and words."""

    seq: int
    t_ms: int
    time: str
    text: str


@dataclass(frozen=True)
class ScoreLine:
    """One dimension with its reason and the moments that prove it."""

    dimension: str
    label: str
    score: int | None
    certainty: int
    reason: str
    moments: list[Moment]

    @property
    def is_established(self) -> bool:
        """Whether there is a score."""
        return self.score is not None


@dataclass(frozen=True)
class ScoreView:
    """A scorecard as the desk shows it, with earlier ones."""

    number: int
    summary: str
    model: str
    prompt_version: str
    is_simulated: bool
    created_at: datetime
    lines: list[ScoreLine]
    earlier: list[Scorecard]

    @property
    def strongest(self) -> list[ScoreLine]:
        """The up to three best dimensions; never the same as the weakest."""
        ranked = self._ranked()
        return ranked[: min(SHOWN_MOMENTS, (len(ranked) + 1) // 2)]

    @property
    def weakest(self) -> list[ScoreLine]:
        """The up to three poorest dimensions, the poorest first."""
        ranked = self._ranked()
        count = min(SHOWN_MOMENTS, len(ranked) // 2)
        return list(reversed(ranked[len(ranked) - count :]))

    def _ranked(self) -> list[ScoreLine]:
        lines = [
            line
            for line in self.lines
            if line.is_established and line.dimension != Dimension.OVERALL
        ]
        return sorted(lines, key=lambda line: -(line.score or 0))


@dataclass(frozen=True)
class StepLine:
    """One step after the interview, in words."""

    step: PipelineStep
    label: str
    words: str
    tone: str
    is_pending: bool

    @property
    def can_retry(self) -> bool:
        """Whether a person may start it again."""
        return self.step.state != StepState.RUNNING


def format_clock(t_ms: int | None) -> str:
    """Return a time of the interview as 1:02:03 or 2:03; before the start negative."""
    if t_ms is None:
        return "–"
    seconds = abs(t_ms) // 1000
    sign = "−" if t_ms < 0 else ""
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{sign}{hours}:{minutes:02}:{seconds:02}"
    return f"{sign}{minutes}:{seconds:02}"


def event_time(interview: Interview, t_ms: int | None, at: datetime) -> int | None:
    """Return an event's time; before the start it is reckoned from the clock."""
    return elapsed_ms(interview, at) if t_ms is None else t_ms


def read_scorecard(interview: Interview) -> ScoreView | None:
    """Return the newest scorecard with its evidence; None before the first."""
    cards = list(interview.scorecards.order_by("-number"))
    if not cards:
        return None
    newest = cards[0]
    verdicts = newest.verdicts.prefetch_related("evidence__event")
    by_dimension = {verdict.dimension: verdict for verdict in verdicts}
    return ScoreView(
        number=newest.number,
        summary=newest.summary,
        model=newest.model,
        prompt_version=newest.prompt_version,
        is_simulated=newest.is_simulated,
        created_at=newest.created_at,
        lines=[
            _line(interview, dimension, by_dimension.get(dimension))
            for dimension in Dimension
        ],
        earlier=cards[1:],
    )


def _line(
    interview: Interview, dimension: Dimension, verdict: ItemVerdict | None
) -> ScoreLine:
    label = str(dimension.label)
    if verdict is None:
        return ScoreLine(dimension, label, None, 0, _("Not judged."), [])
    moments = []
    for proof in verdict.evidence.all():
        t_ms = event_time(interview, proof.event.t_ms, proof.event.at)
        moments.append(
            Moment(proof.event.seq, t_ms or 0, format_clock(t_ms), proof.quote)
        )
    return ScoreLine(
        dimension, label, verdict.score, verdict.certainty, verdict.reason, moments
    )


def read_reviews(interview: Interview) -> Sequence[Review]:
    """Return the decisions, newest first; the first one counts."""
    return list(interview.reviews.select_related("reviewer").order_by("-created_at"))


def read_steps(interview: Interview) -> list[StepLine]:
    """Return the steps in order."""
    return [
        StepLine(
            step=step,
            label=str(_STEP_LABELS.get(step.name, step.name)),
            words=str(step.get_state_display()),
            tone=STEP_TONES.get(StepState(step.state), ""),
            is_pending=step.state in (StepState.WAITING, StepState.RUNNING),
        )
        for step in interview.pipeline_steps.order_by("position")
    ]
