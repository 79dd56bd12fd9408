"""Writing a scorecard: claims are kept only with evidence that exists verbatim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from interviews.enums import Dimension, Origin
from interviews.models import Event, Evidence, Interview, ItemVerdict, Scorecard
from interviews.services.lifecycle import lock_interview
from interviews.timeline.kinds import ScorecardCreated
from interviews.timeline.log import append_event


@dataclass(frozen=True)
class Quote:
    """A claimed proof: the event's number and words that stand in it."""

    seq: int
    text: str


@dataclass(frozen=True)
class VerdictDraft:
    """A judge's claim about one dimension; `score` None is “not established”."""

    dimension: Dimension
    score: int | None
    certainty: int
    reason: str
    evidence: Sequence[Quote] = ()


@dataclass(frozen=True)
class ScorecardDraft:
    """What a judge says about an interview."""

    summary: str
    verdicts: Sequence[VerdictDraft]
    model: str
    prompt_version: str
    is_simulated: bool


def write_scorecard(
    interview: Interview, draft: ScorecardDraft, *, texts: Mapping[int, str]
) -> Scorecard:
    """Store a new scorecard and return it; earlier ones stay.

    `texts` is what each event said, by number. A quote that does not stand there
    word for word is dropped; a score left without any is set to not established. A
    dimension the judge left out is not established either.
    """
    by_dimension = {verdict.dimension: verdict for verdict in draft.verdicts}
    with transaction.atomic():
        interview = lock_interview(interview.pk)
        last = interview.scorecards.aggregate(last=Max("number"))["last"] or 0
        scorecard = Scorecard.objects.create(
            interview=interview,
            number=last + 1,
            summary=draft.summary,
            model=draft.model,
            prompt_version=draft.prompt_version,
            is_simulated=draft.is_simulated,
        )
        for dimension in Dimension:
            _write_verdict(scorecard, by_dimension.get(dimension), dimension, texts)
        append_event(
            interview,
            ScorecardCreated(scorecard=scorecard.pk, number=scorecard.number),
            origin=Origin.SYSTEM,
        )
    return scorecard


def _write_verdict(
    scorecard: Scorecard,
    draft: VerdictDraft | None,
    dimension: Dimension,
    texts: Mapping[int, str],
) -> None:
    if draft is None:
        ItemVerdict.objects.create(
            scorecard=scorecard,
            dimension=dimension,
            reason=_("Not judged."),
        )
        return
    quotes = [quote for quote in draft.evidence if _stands(quote, texts)]
    is_established = draft.score is not None and bool(quotes)
    reason = draft.reason
    if draft.score is not None and not quotes:
        reason = _("%(reason)s (No evidence could be found for this claim.)") % {
            "reason": reason
        }
    verdict = ItemVerdict.objects.create(
        scorecard=scorecard,
        dimension=dimension,
        score=draft.score if is_established else None,
        certainty=draft.certainty if is_established else 0,
        reason=reason,
    )
    _write_evidence(scorecard.interview, verdict, quotes)


def _stands(quote: Quote, texts: Mapping[int, str]) -> bool:
    return bool(quote.text.strip()) and quote.text in texts.get(quote.seq, "")


def _write_evidence(
    interview: Interview, verdict: ItemVerdict, quotes: Sequence[Quote]
) -> None:
    events = {
        event.seq: event
        for event in Event.objects.filter(
            interview=interview, seq__in=[quote.seq for quote in quotes]
        )
    }
    Evidence.objects.bulk_create(
        [
            Evidence(verdict=verdict, event=events[quote.seq], quote=quote.text)
            for quote in quotes
            if quote.seq in events
        ]
    )
