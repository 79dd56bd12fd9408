"""What came of an experiment, variant by variant, with how much it rests on."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil, sqrt
from statistics import median
from uuid import UUID

from django.db.models import OuterRef, Subquery, Sum

from assistant.enums import (
    HintSource,
    HintState,
    MessageRole,
    PromptPurpose,
    Rating,
    TurnState,
)
from assistant.models import (
    HintUse,
    Message,
    ModelCall,
    PromptExperiment,
    PromptVariant,
    ScoreRun,
)
from billing.models import Usage
from interviews.enums import Dimension
from interviews.models import ItemVerdict

# With fewer interviews than this in a variant nothing is concluded.
FEW = 30
# The two-sided 95 % point of the normal distribution.
_Z = 1.959964
_FAILED = (TurnState.FAILED, TurnState.INTERRUPTED)


@dataclass(frozen=True)
class Share:
    """`count` of `total`, and where the true share lies with 95 % confidence."""

    count: int
    total: int

    @property
    def value(self) -> float | None:
        """The share seen, 0 to 1; None of nothing."""
        return self.count / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson score interval, (0, 1) of nothing.

        E. B. Wilson, “Probable Inference, the Law of Succession, and Statistical
        Inference”, Journal of the American Statistical Association 22 (1927), 209-212.
        It holds for small totals and for shares near 0 and 1, where the usual ± does
        not.
        """
        if not self.total:
            return 0.0, 1.0
        n, share, z2 = self.total, self.count / self.total, _Z * _Z
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def words(self) -> str:
        """The count of the total, with the share in percent."""
        share = self.value
        if share is None:
            return "–"
        return f"{self.count} / {self.total} · {share:.0%}"

    @property
    def interval_words(self) -> str:
        """The interval in percent."""
        low, high = self.interval
        return f"{low:.0%} – {high:.0%}"


@dataclass
class Tally:
    """What the calls of one variant add up to while they are read."""

    calls: int = 0
    failed: int = 0
    simulated: int = 0
    up: int = 0
    down: int = 0
    cost_usd: Decimal = Decimal(0)
    unknown: int = 0
    first_token_ms: list[int] = field(default_factory=list)
    scores: list[int] = field(default_factory=list)

    def add(self, call: "Call") -> None:
        """Count one call."""
        self.calls += 1
        self.failed += call.is_failed
        self.simulated += call.is_simulated
        self.up += call.rating == Rating.UP
        self.down += call.rating == Rating.DOWN
        if call.cost_usd is not None:
            self.cost_usd += call.cost_usd
        elif call.is_metered:
            self.unknown += 1
        if call.first_token_ms is not None:
            self.first_token_ms.append(call.first_token_ms)


@dataclass(frozen=True)
class Call:
    """One answer, one scoring or one hint of an interview with a variant."""

    interview: UUID
    version: int
    is_failed: bool
    is_simulated: bool
    is_metered: bool
    cost_usd: Decimal | None
    first_token_ms: int | None = None
    rating: str | None = None


@dataclass(frozen=True)
class VariantResult:
    """One line of the table. Times in milliseconds, money in US dollars."""

    variant: PromptVariant
    interviews: int
    turns: int
    simulated: int
    first_token_p50: int | None
    first_token_p95: int | None
    timed: int
    cost_usd: Decimal
    unknown_costs: int
    failed: Share
    thumbs: Share
    score_median: float | None
    scored: int

    @property
    def cost_per_turn(self) -> Decimal | None:
        """The mean over the calls whose cost is known."""
        known = self.turns - self.unknown_costs
        return self.cost_usd / known if known else None

    @property
    def is_small(self) -> bool:
        """Whether there are too few interviews to conclude anything."""
        return self.interviews < FEW


def read_results(experiment: PromptExperiment) -> list[VariantResult]:
    """Return a line for each variant; the number of queries is always the same.

    Only calls of assigned interviews with their variant's wording count, from the
    start of the experiment on.
    """
    variants = list(experiment.variants.select_related("version"))
    assigned: dict[UUID, PromptVariant] = {}
    by_id = {variant.pk: variant for variant in variants}
    for interview_id, variant_id in experiment.assignments.values_list(
        "interview_id", "variant_id"
    ):
        assigned[interview_id] = by_id[variant_id]
    tallies: dict[int, Tally] = defaultdict(Tally)
    for call in _read_calls(experiment):
        variant = assigned.get(call.interview)
        if variant is not None and variant.version_id == call.version:
            tallies[variant.pk].add(call)
    for interview_id, score in _read_scores(experiment, assigned).items():
        tallies[assigned[interview_id].pk].scores.append(score)
    counts: dict[int, int] = defaultdict(int)
    for variant in assigned.values():
        counts[variant.pk] += 1
    return [
        _line(variant, counts[variant.pk], tallies[variant.pk]) for variant in variants
    ]


def _line(variant: PromptVariant, interviews: int, tally: Tally) -> VariantResult:
    return VariantResult(
        variant=variant,
        interviews=interviews,
        turns=tally.calls,
        simulated=tally.simulated,
        first_token_p50=percentile(tally.first_token_ms, 50),
        first_token_p95=percentile(tally.first_token_ms, 95),
        timed=len(tally.first_token_ms),
        cost_usd=tally.cost_usd,
        unknown_costs=tally.unknown,
        failed=Share(tally.failed, tally.calls),
        thumbs=Share(tally.up, tally.up + tally.down),
        score_median=float(median(tally.scores)) if tally.scores else None,
        scored=len(tally.scores),
    )


def percentile(values: Sequence[int], percent: int) -> int | None:
    """Return the nearest-rank percentile, a value that was measured; None of none."""
    if not values:
        return None
    return sorted(values)[max(1, ceil(len(values) * percent / 100)) - 1]


def _read_calls(experiment: PromptExperiment) -> Iterator[Call]:
    if experiment.started_at is None:
        return iter(())
    if experiment.prompt.purpose == PromptPurpose.SCORE:
        return _read_score_runs(experiment)
    if experiment.prompt.purpose == PromptPurpose.HINT:
        return _read_hints(experiment)
    return _read_answers(experiment)


def _read_answers(experiment: PromptExperiment) -> Iterator[Call]:
    rows = (
        Message.objects.filter(
            role=MessageRole.ASSISTANT,
            turn__conversation__interview__prompt_assignments__experiment=experiment,
            turn__created_at__gte=experiment.started_at,
        )
        .order_by()
        .annotate(corrected=_corrections(), earlier=_earlier_steps())
        .values_list(
            "turn__conversation__interview_id",
            "turn__prompt_version_id",
            "turn__state",
            "is_simulated",
            "usage_id",
            "first_token_ms",
            "feedback__rating",
            "usage__cost_usd",
            "corrected",
            "earlier",
        )
    )
    for interview, version, state, simulated, usage, ms, rating, *costs in rows:
        yield Call(
            interview=interview,
            version=version,
            is_failed=state in _FAILED,
            is_simulated=simulated,
            is_metered=usage is not None,
            cost_usd=_add(*costs),
            first_token_ms=ms,
            rating=rating,
        )


def _read_score_runs(experiment: PromptExperiment) -> Iterator[Call]:
    rows = (
        ScoreRun.objects.filter(
            interview__prompt_assignments__experiment=experiment,
            created_at__gte=experiment.started_at,
        )
        .order_by()
        .annotate(corrected=_corrections())
        .values_list(
            "interview_id",
            "prompt_version_id",
            "error",
            "is_simulated",
            "usage_id",
            "usage__cost_usd",
            "corrected",
        )
    )
    for interview, version, error, simulated, usage, cost, more in rows:
        yield Call(
            interview=interview,
            version=version,
            is_failed=bool(error),
            is_simulated=simulated,
            is_metered=usage is not None,
            cost_usd=_add(cost, more),
        )


def _read_hints(experiment: PromptExperiment) -> Iterator[Call]:
    """Yield the hints that a model was asked for; those under way not yet."""
    rows = (
        HintUse.objects.filter(
            interview__prompt_assignments__experiment=experiment,
            created_at__gte=experiment.started_at,
            source=HintSource.MODEL,
        )
        .exclude(state=HintState.PENDING)
        .order_by()
        .annotate(corrected=_corrections(), first_token_ms=_first_token())
        .values_list(
            "interview_id",
            "prompt_version_id",
            "state",
            "is_simulated",
            "usage_id",
            "first_token_ms",
            "usage__cost_usd",
            "corrected",
        )
    )
    for interview, version, state, simulated, usage, ms, *costs in rows:
        yield Call(
            interview=interview,
            version=version,
            is_failed=state == HintState.FAILED,
            is_simulated=simulated,
            is_metered=usage is not None,
            cost_usd=_add(*costs),
            first_token_ms=ms,
        )


def _first_token() -> Subquery:
    """Return how long the call that is booked under a usage took to its first token."""
    rows = ModelCall.objects.filter(usage=OuterRef("usage")).order_by("-pk")
    return Subquery(rows.values("first_token_ms")[:1])


def _corrections() -> Subquery:
    """Return what later rows of the ledger added to a call's cost."""
    rows = Usage.objects.filter(corrects=OuterRef("usage")).order_by()
    return Subquery(rows.values("corrects").annotate(sum=Sum("cost_usd")).values("sum"))


def _earlier_steps() -> Subquery:
    """Return what the calls of a turn cost before the one that ended its answer."""
    rows = (
        ModelCall.objects.filter(turn=OuterRef("turn"))
        .exclude(usage=OuterRef("usage"))
        .order_by()
    )
    return Subquery(
        rows.values("turn").annotate(sum=Sum("usage__cost_usd")).values("sum")
    )


def _add(*costs: Decimal | None) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if known else None


def _read_scores(
    experiment: PromptExperiment, assigned: dict[UUID, PromptVariant]
) -> dict[UUID, int]:
    """Return each interview's newest overall score.

    Of an experiment with the judge only the scorecards that the variant wrote count.
    """
    is_judge = experiment.prompt.purpose == PromptPurpose.SCORE
    rows: Iterable[tuple[UUID, int | None, int | None]] = (
        ItemVerdict.objects.filter(
            dimension=Dimension.OVERALL,
            scorecard__interview__prompt_assignments__experiment=experiment,
        )
        .order_by("scorecard__number")
        .values_list(
            "scorecard__interview_id", "score", "scorecard__score_run__prompt_version"
        )
    )
    newest = {
        interview: score
        for interview, score, version in rows
        if interview in assigned
        and (not is_judge or assigned[interview].version_id == version)
    }
    return {
        interview: score for interview, score in newest.items() if score is not None
    }
